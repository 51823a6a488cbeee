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

/// What the unit and the image in `deploy/` have set, too. The system's allocator has an
/// arena for each thread, up to eight for each processor, and each keeps the most that
/// it ever had: whatever many threads take turns at, such as loading a component, is
/// kept as many times, and memory grows until each of them had its turn.
pub(super) const ARENAS: (&str, &str) = ("MALLOC_ARENA_MAX", "2");

/// How long a soak takes, and what happens how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// All of it.
    pub length: Duration,
    /// From one scrape to the next.
    pub scrape: Duration,
    /// From one swap of the backend to the next.
    pub swap: Duration,
}

/// What was seen during a soak.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Soak {
    /// At each scrape.
    pub looks: Vec<Look>,
    /// The last of all scrapes, before it was asked to stop.
    pub last: Reading,
    /// How often the backend was replaced.
    pub replacements: usize,
    /// From asking it to stop to its end.
    pub stopping: Duration,
    /// The ledgers when it had stopped.
    pub ledgers: Vec<Ledger>,
}

/// What was seen at a scrape.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Look {
    /// From the beginning.
    pub at: Duration,
    /// KiB that are resident, as the process itself says.
    pub resident_kib: f64,
    /// Of these, KiB that no file has.
    pub anonymous_kib: f64,
    /// Files and sockets that are open.
    pub fds: usize,
    /// Threads.
    pub threads: usize,
    /// How long the scrape took, connection included.
    pub took: Duration,
    /// Bytes of the exposition.
    pub bytes: usize,
    /// Records in flight, of all sources.
    pub in_flight: f64,
    /// Ledgers that did not balance.
    pub unbalanced: Vec<String>,
    /// What wanted this machine's processors in the minute before.
    pub load: f64,
}

/// What was written about one source of records at the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// Who counted.
    pub source: String,
    /// Records.
    pub accepted: u64,
    /// Records.
    pub delivered: u64,
    /// Records, for whatever reason.
    pub dropped: u64,
    /// Records.
    pub in_flight: u64,
}

impl Soak {
    /// Starts a runner, leaves it running, and stops it. `note` is told now and then.
    ///
    /// # Errors
    ///
    /// When it cannot be started, does not answer, does not swap or does not end well.
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

    /// What of it was not as it has to be: ledgers, at each scrape and at the end.
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

    /// The last ledger of a source.
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
    fn of(entry: &Value) -> Result<Self> {
        let number = |what: &str| entry[what].as_u64().with_context(|| entry.to_string());
        Ok(Self {
            source: entry["source"].as_str().context("a source")?.to_owned(),
            accepted: number("accepted")?,
            delivered: number("delivered")?,
            dropped: number("dropped")?,
            in_flight: number("in_flight")?,
        })
    }

    /// Whether nothing is missing, and nothing is left.
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
    fn what_is_deployed_has_the_allocator_that_was_soaked() -> Result<()> {
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
