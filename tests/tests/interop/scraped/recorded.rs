//! The known records of guests, compared with the series of Prometheus.

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};
use solti_metrics::{Event, RunnerErrorKind, RunnerType, TaskOutcome};
use solti_metrics_tests::artifact::{WASI, artifact};
use solti_metrics_tests::exposition::samples;
use solti_metrics_tests::guest::recording;
use solti_metrics_tests::prometheus::{Job, Prometheus};
use solti_metrics_tests::series::Series;
use solti_metrics_tests::served::Served;

/// Number of runs of each task.
const RUNS: u64 = 3;

/// Three good lines, one with too many words, and one that is not text.
const TEXT: &[u8] = b"one\nand two\n\nmore than two words\n\xff\n";

const CONFIG: &str = r#"
    [tasks.known]
    component = "known.wasm"
    repeat = 3

    [tasks.words]
    component = "reporter.wasm"
    args = ["2"]
    stdin = "text"
    repeat = 3

    [tasks.misused]
    component = "reporter.wasm"
    args = ["few"]
    repeat = 3
"#;

/// All records of the runner types that do not record by themselves here.
pub(crate) fn known() -> Vec<Event> {
    let mut events = Vec::new();
    for runner in [RunnerType::Subprocess, RunnerType::Container] {
        for (at, outcome) in (0..).zip(TaskOutcome::ALL) {
            for duration_ms in [at, 10, 11 * at, 260, 3_600_001] {
                events.push(Event::TaskStarted { runner });
                events.push(Event::TaskCompleted {
                    runner,
                    outcome,
                    duration_ms,
                });
            }
        }
        events.extend(RunnerErrorKind::ALL.map(|error| Event::RunnerError { runner, error }));
    }
    events
}

pub(crate) fn exactly(prometheus: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let at = |file: &str| folder.path().join(file);
    fs::write(at("known.wasm"), recording(&known())?)?;
    fs::copy(artifact("reporter", WASI), at("reporter.wasm"))?;
    fs::write(at("text"), TEXT)?;
    let served = Served::start(folder.path(), CONFIG)?;
    let prometheus = Prometheus::start(prometheus, &[Job::runners(&[served.address()?])])?;
    let runs = (3 * RUNS) as f64;
    prometheus.until("sum(solti_metrics_task_runs_total)", |sum| sum == runs)?;

    // Only the guest knows these records, with their durations.
    let found =
        prometheus.series(r#"{__name__=~"solti_runner_.*",job="runners",runner!="wasm"}"#)?;
    let expected = Series::default().plus(&of_others(&known())?, RUNS);
    expected.must_equal(&found)?;

    // The runner itself records each run, with a duration that only the runner knows.
    let run = |outcome| [started(1), completed(outcome, 1)].concat();
    let words = [
        started(5),
        completed(TaskOutcome::Success, 3),
        completed(TaskOutcome::Canceled, 1),
        completed(TaskOutcome::Failure, 1),
        run(TaskOutcome::Failure),
    ];
    let misused = Event::RunnerError {
        runner: RunnerType::Wasm,
        error: RunnerErrorKind::BackendConfigFailed,
    };
    let misused = [vec![misused], run(TaskOutcome::Failure)];
    let events = [run(TaskOutcome::Success), words.concat(), misused.concat()].concat();
    let expected = Series::default().plus(&counted(&events)?, RUNS);
    let counts =
        r#"{__name__=~"solti_runner_(.*_total|task_duration_seconds_count)",runner="wasm"} > 0"#;
    let found = prometheus.series(counts)?;
    expected.must_equal(&found)?;

    // Prometheus has the values of the page, which no longer change.
    let page = served.page("/metrics")?;
    let page = samples(&page)?;
    for family in [
        "solti_runner_",
        "solti_metrics_task_",
        "solti_metrics_records_",
    ] {
        let mut of_family = page.clone();
        of_family.retain(|sample| sample.name.starts_with(family));
        ensure!(of_family.len() > 20, "only {of_family:?}");
        let page = Series::of_samples(&of_family)?;
        let of_family = format!(r#"{{__name__=~"{family}.*",job="runners"}}"#);
        page.must_equal(&prometheus.series(&of_family)?)?;
    }
    Ok(())
}

/// The series without the runner's own type, which exist from the start.
fn of_others(events: &[Event]) -> Result<Series> {
    let all = Series::of(events)?;
    Ok(all.without("runner", "wasm"))
}

/// The counters that are not 0.
fn counted(events: &[Event]) -> Result<Series> {
    let counts = Series::of(events)?.without_zeros(true);
    Ok(counts.without_name("solti_runner_task_duration_seconds_sum"))
}

fn started(times: usize) -> Vec<Event> {
    let runner = RunnerType::Wasm;
    vec![Event::TaskStarted { runner }; times]
}

fn completed(outcome: TaskOutcome, times: usize) -> Vec<Event> {
    let event = Event::TaskCompleted {
        runner: RunnerType::Wasm,
        outcome,
        duration_ms: 0,
    };
    vec![event; times]
}
