//! A runner whose clock is set: back by an hour, forward by a year, and back to the
//! original time.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use solti_metrics_tests::artifact::{WASI, artifact};
use solti_metrics_tests::exposition::counters;
use solti_metrics_tests::reference_tool::ReferenceTool;
use solti_metrics_tests::served::{FILE, HEAD, Served, serve};
use solti_metrics_tests::trial::Trial;
use solti_metrics_tests::{guest, guests};

const CONFIG: &str = r#"
    [tasks.ticks]
    component = "teller.wasm"
    schedule = "interval"
    interval = "50ms"

    [tasks.again]
    component = "failing.wasm"
    schedule = "restart"
    backoff = { initial_backoff = "50ms", max_backoff = "50ms", jitter = "none" }

    [tasks.long]
    component = "looper.wasm"
    timeout = "10m"

    [backends.sink]
    component = "provider.wasm"
"#;

/// Interval of the two tasks with many runs, in seconds.
const EVERY: f64 = 0.05;

const YEAR: i64 = 365 * 24 * 3600;

/// Maximum number of runs of the two tasks that are due and have not ended: waiting runs
/// and a running one.
const UNDER_WAY: u64 = 17;

pub(crate) fn trials() -> Result<Vec<Trial>> {
    let trial = ReferenceTool::faketime()
        .trial("a_clock_that_is_set_changes_only_the_dates_of_runs", is_set);
    Ok(vec![trial])
}

fn is_set(library: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let at = |file: &str| folder.path().join(file);
    fs::write(at("teller.wasm"), guests::teller("stdout", "", 0)?)?;
    fs::write(at("failing.wasm"), failing()?)?;
    fs::write(at("looper.wasm"), guests::looper()?)?;
    fs::copy(artifact("provider", WASI), at("provider.wasm"))?;
    // The rename is atomic: a concurrent reader sees the old or the new file.
    let set = |seconds: i64| -> Result<()> {
        fs::write(at("offset.new"), format!("{seconds:+}\n"))?;
        Ok(fs::rename(at("offset.new"), at("offset"))?)
    };
    set(0)?;
    // A new clock changes neither the time since the start of the machine nor the dates
    // of files.
    let mut serve = serve(folder.path(), &[FILE]);
    serve
        .env("LD_PRELOAD", library)
        .env("FAKETIME_TIMESTAMP_FILE", at("offset"))
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("NO_FAKE_STAT", "1");
    let served = Served::start_with(&mut serve, folder.path(), &format!("{HEAD}{CONFIG}"))?;

    let mut last = Look::at(&served)?.some_runs_later(&served)?;
    let mut offset = 0;
    for next in [-3600, YEAR, 0] {
        set(next)?;
        let by = next - offset;
        let now = served.until("runs have other dates", |served| {
            let now = Look::at(served)?;
            Ok(now.dated_otherwise(&last, by).then_some(now))
        })?;
        now.must_follow(&last)?;
        let later = now.some_runs_later(&served)?;
        later.must_follow(&now)?;
        (last, offset) = (later, next);
    }
    ensure!(last.long["state"] == "running" && last.sink["failures"] == 0);

    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    let entries = end.stderr.lines().map(serde_json::from_str::<Value>);
    let entries = entries.collect::<Result<Vec<_>, _>>()?;
    let books = entries.iter().filter(|entry| entry["message"] == "records");
    let books: Vec<_> = books.collect();
    ensure!(books.len() >= 3, "{books:?}");
    for book in books {
        ensure!(book["in_flight"] == 0 && book["dropped"] == 0, "{book}");
        ensure!(book["accepted"] == book["delivered"], "{book}");
    }
    Ok(())
}

/// A program that fails.
fn failing() -> Result<Vec<u8>> {
    guest::component(
        r#"(module (func (export "wasi:cli/run@0.2.12#run") (result i32) (i32.const 1)))"#,
    )
}

/// The state that a runner shows at one moment.
struct Look {
    uptime: f64,
    /// The two tasks with many runs.
    many: [Many; 2],
    long: Value,
    sink: Value,
    counters: BTreeMap<String, f64>,
}

struct Many {
    runs: u64,
    dated: SystemTime,
}

impl Look {
    fn at(served: &Served) -> Result<Self> {
        let all = served.json("/api/tasks")?;
        let task = |name: &str| named(&all["tasks"], name);
        Ok(Self {
            uptime: all["runner"]["uptime_seconds"].as_f64().context("uptime")?,
            many: [
                Many::of(task("ticks")?, "success")?,
                Many::of(task("again")?, "failure")?,
            ],
            long: task("long")?.clone(),
            sink: named(&served.json("/api/backends")?["backends"], "sink")?.clone(),
            counters: counters(&served.page("/metrics")?)?,
        })
    }

    /// Waits for more runs of each of the two, and reads the state again.
    fn some_runs_later(&self, served: &Served) -> Result<Self> {
        served.until("runs go on", |served| {
            let now = Self::at(served)?;
            let mut pairs = now.many.iter().zip(&self.many);
            let more = pairs.all(|(now, before)| now.runs >= before.runs + 5);
            Ok(more.then_some(now))
        })
    }

    /// Returns whether the dates of both last runs have moved by at least half of `by`.
    fn dated_otherwise(&self, before: &Self, by: i64) -> bool {
        self.many.iter().zip(&before.many).all(|(now, before)| {
            let seconds = match now.dated.duration_since(before.dated) {
                Ok(later) => later.as_secs_f64(),
                Err(earlier) => -earlier.duration().as_secs_f64(),
            };
            seconds / by as f64 > 0.5
        })
    }

    fn must_follow(&self, before: &Self) -> Result<()> {
        let passed = self.uptime - before.uptime;
        ensure!((0.0..600.0).contains(&passed), "up for {passed} more");
        for (now, before) in self.many.iter().zip(&before.many) {
            let runs = now
                .runs
                .checked_sub(before.runs)
                .context("runs are counted down")?;
            let due = (passed / EVERY) as u64 + 1;
            ensure!(runs <= due + UNDER_WAY, "{runs} runs in {passed} seconds");
        }
        for (series, value) in &before.counters {
            let now = self.counters.get(series);
            ensure!(now >= Some(value), "{series}: {value} and then {now:?}");
        }
        Ok(())
    }
}

impl Many {
    fn of(task: &Value, outcome: &str) -> Result<Self> {
        for run in task["recent"].as_array().context("recent")? {
            let duration = run["duration_ms"].as_f64().context("a duration")?;
            ensure!((0.0..60_000.0).contains(&duration), "{run}");
            ensure!(run["outcome"] == outcome, "{task}");
        }
        let dated = match task["last"]["ended_at"].as_str() {
            Some(at) => humantime::parse_rfc3339(at)?,
            None => SystemTime::now(),
        };
        Ok(Self {
            runs: task["runs"][outcome].as_u64().context("runs")?,
            dated,
        })
    }
}

fn named<'a>(rows: &'a Value, name: &str) -> Result<&'a Value> {
    let mut rows = rows.as_array().context("rows")?.iter();
    rows.find(|row| row["name"] == name)
        .with_context(|| format!("no {name}"))
}
