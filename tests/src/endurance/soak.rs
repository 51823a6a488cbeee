use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::process::{Process, load};
use super::reading::Reading;
use super::soak_guests::{CONFIG, sink, write};
use crate::child::GUARD;
use crate::served::{FILE, HEAD, Served, serve};

/// A setting of the unit and the image in `deploy/`. The system's allocator has an arena
/// for each thread, up to eight for each processor. Each arena keeps the largest memory
/// that it ever had. Work that moves between threads, such as loading a component, is
/// kept in many arenas. Memory grows until each arena had its turn.
pub(super) const ARENAS: (&str, &str) = ("MALLOC_ARENA_MAX", "2");

/// Length of a soak, and the intervals in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Total length.
    pub length: Duration,
    /// Time between two scrapes.
    pub scrape: Duration,
    /// Time between two replacements of the backend.
    pub swap: Duration,
}

/// Observations of a soak.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Soak {
    /// An observation for each scrape.
    pub looks: Vec<Look>,
    /// The last scrape before the stop.
    pub last: Reading,
    /// Number of replacements of the backend.
    pub replacements: usize,
    /// Time from the request to stop until the end of the process.
    pub stopping: Duration,
    /// The final ledgers, after the stop.
    pub ledgers: Vec<Ledger>,
}

/// An observation at a scrape.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Look {
    /// Time since the start.
    pub at: Duration,
    /// Resident memory that the process reports, in KiB.
    pub resident_kib: f64,
    /// Resident memory that belongs to no file, in KiB.
    pub anonymous_kib: f64,
    /// Number of open files and sockets.
    pub fds: usize,
    /// Number of threads.
    pub threads: usize,
    /// Time of the scrape, with its connection.
    pub took: Duration,
    /// Size of the exposition, in bytes.
    pub bytes: usize,
    /// Records in flight, of all sources.
    pub in_flight: f64,
    /// Ledgers that do not balance.
    pub unbalanced: Vec<String>,
    /// Load of this machine in the minute before.
    pub load: f64,
}

/// The final ledger of a source of records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// Name of the source.
    pub source: String,
    /// Accepted records.
    pub accepted: u64,
    /// Delivered records.
    pub delivered: u64,
    /// Dropped records, for all reasons.
    pub dropped: u64,
    /// Records in flight.
    pub in_flight: u64,
}

impl Soak {
    /// Starts a runner, leaves it running, and stops it. Calls `note` with each
    /// observation.
    ///
    /// # Errors
    ///
    /// When the runner does not start, does not answer, does not replace the backend or
    /// does not end well.
    pub fn run(extent: Extent, note: impl Fn(&Look)) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        write(folder.path())?;
        let mut serve = serve(folder.path(), &[FILE]);
        serve.env(ARENAS.0, ARENAS.1);
        let config = format!("{HEAD}{CONFIG}");
        let served = Served::start_with(&mut serve, folder.path(), &config)?;
        let served = served.within(extent.length + GUARD * 2);
        let (mut looks, mut replacements, begun) = (Vec::new(), 0, Instant::now());
        let (mut next_look, mut next_replacement) = (extent.scrape, extent.swap);
        while begun.elapsed() < extent.length {
            until(begun + next_look);
            next_look = next_look.max(begun.elapsed()) + extent.scrape;
            let look = Look::at(&served, begun)?.1;
            note(&look);
            looks.push(look);
            if begun.elapsed() >= next_replacement && next_replacement < extent.length {
                next_replacement += extent.swap;
                replacements += 1;
                swap(&served, folder.path(), replacements)?;
            }
        }
        replaced(&served, replacements)?;
        let last = Look::at(&served, begun)?.0;
        let stopping = Instant::now();
        let end = served.stop()?;
        let stopping = stopping.elapsed();
        ensure!(end.code == Some(0), "{end}");
        let entries = end.stderr.lines().map(serde_json::from_str::<Value>);
        let entries = entries.filter_map(Result::ok);
        let records = entries.filter(|entry| entry["message"] == "records");
        Ok(Self {
            looks,
            last,
            replacements,
            stopping,
            ledgers: records
                .map(|entry| Ledger::of(&entry))
                .collect::<Result<_>>()?,
        })
    }

    /// Descriptions of all ledgers that do not balance, at each scrape and at the end.
    #[must_use]
    pub fn imbalances(&self) -> Vec<String> {
        let looks = self.looks.iter().flat_map(|look| {
            let said = look.unbalanced.iter();
            said.map(|said| format!("after {:?}: {said}", look.at))
        });
        let ends = self.ledgers.iter().filter(|ledger| !ledger.is_closed());
        let mut all: Vec<_> = looks
            .chain(ends.map(|it| format!("at the end: {it:?}")))
            .collect();
        let delivered = |source| self.ledger(source).map_or(0, |ledger| ledger.delivered);
        let (handed_on, sink) = (
            delivered("guests") + delivered("runner"),
            self.ledger("sink"),
        );
        if sink.is_none_or(|sink| sink.accepted != handed_on) {
            all.push(format!("{handed_on} handed on, and of the sink: {sink:?}"));
        }
        all
    }

    /// The final ledger of a source.
    #[must_use]
    pub fn ledger(&self, source: &str) -> Option<&Ledger> {
        self.ledgers.iter().find(|ledger| ledger.source == source)
    }
}

impl Look {
    fn at(served: &Served, begun: Instant) -> Result<(Reading, Self)> {
        let (at, asked) = (begun.elapsed(), Instant::now());
        let text = served.page("/metrics")?;
        let took = asked.elapsed();
        let reading = Reading::of(&text)?;
        let process = Process::of(served.id())?;
        let in_flight = reading.by("solti_metrics_records_in_flight", "source");
        let look = Self {
            at,
            resident_kib: reading.get("process_resident_memory_bytes") / 1024.0,
            anonymous_kib: process.anonymous_kib,
            fds: process.fds,
            threads: process.threads,
            took,
            bytes: text.len(),
            in_flight: in_flight.values().sum(),
            unbalanced: reading.unbalanced(),
            load: load(),
        };
        Ok((reading, look))
    }
}

impl Ledger {
    pub(crate) fn of(entry: &Value) -> Result<Self> {
        let number = |what: &str| entry[what].as_u64().with_context(|| entry.to_string());
        Ok(Self {
            source: entry["source"].as_str().context("a source")?.to_owned(),
            accepted: number("accepted")?,
            delivered: number("delivered")?,
            dropped: number("dropped")?,
            in_flight: number("in_flight")?,
        })
    }

    /// Returns whether the ledger balances and has no record in flight.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.in_flight == 0 && self.accepted == self.delivered + self.dropped
    }
}

fn swap(served: &Served, folder: &Path, number: usize) -> Result<()> {
    replaced(served, number - 1)?;
    sink(folder, number)?;
    served.signal("HUP")
}

/// The sink is what its file is, for the last time it was changed.
fn replaced(served: &Served, times: usize) -> Result<()> {
    let replacements = r#"solti_metrics_backend_replacements_total{backend="sink"}"#;
    let found = served.until_at_least(replacements, times as f64)?;
    ensure!(
        found == times as f64,
        "{found} replacements instead of {times}"
    );
    Ok(())
}

fn until(when: Instant) {
    while let Some(left) = when.checked_duration_since(Instant::now()) {
        std::thread::park_timeout(left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deployment_has_the_allocator_settings_of_the_soak() -> Result<()> {
        let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy");
        let (name, value) = ARENAS;
        for (file, before) in [
            ("solti-metrics.service", "Environment="),
            ("Containerfile", "ENV "),
        ] {
            let line = format!("{before}{name}={value}");
            let text = std::fs::read_to_string(deploy.join(file))?;
            ensure!(text.lines().any(|it| it == line), "{file}: no {line}");
        }
        Ok(())
    }
}
