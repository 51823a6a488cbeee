//! Tests of a guest: the test runs the guest and checks its records.

mod run;

use std::time::Instant;

use solti_metrics_host::DropReason;
use solti_metrics_host::limits::Limit;
use solti_metrics_host::runner::{ProgramRecording, RecordingMode, TaskEnd};
use solti_metrics_host::text::printable;

use crate::check::{Check, Fault, Verdict};
use crate::component::TestedComponent;
use crate::counts::{LabelCounts, RecordCount};
use crate::error::Error;
use crate::options::TestOptions;
use crate::recorder::Recorder;
use crate::term::Term;
use run::{GuestRun, RunFailure, run};

/// Maximum number of lines of standard error in a fault. A panic of Go starts with its
/// message, and a dozen lines follow.
const LINES: usize = 20;

/// Names of the checks that need a complete run.
const CHECKS_OF_A_RUN: [&str; 5] = ["records", "pairs", "durations", "both-modes", "quota"];

pub(crate) async fn test(
    recorder: &mut Recorder<'_>,
    guest: &TestedComponent<'_>,
) -> Result<(), Error> {
    let start = Instant::now();
    let run = match run(guest, RecordingMode::Inline, None).await {
        Ok(run) => run,
        Err(RunFailure::Error(error)) => return Err(error),
        Err(RunFailure::Fault(fault)) => {
            let check = Check::new("runs", Verdict::Failed(fault));
            recorder.add(check.took(start.elapsed()))?;
            return skip(recorder, "the guest does not run");
        }
    };
    let options = guest.options;
    let runs = runs(&run, options).took(start.elapsed());
    let failed = runs.failed();
    recorder.add(runs)?;
    recorder.add(records(&run.counts, options))?;
    recorder.suite.records = Some(run.counts.rows());
    if failed {
        return skip(recorder, "the guest did not end by itself");
    }
    if run.counts.total() == 0 {
        return skip(recorder, "the guest made no records");
    }
    recorder.add(Check::new("pairs", pairs(&run.counts, options)))?;
    recorder.add(Check::new("durations", durations(&run).into()))?;
    let start = Instant::now();
    let verdict = both_modes(guest, &run).await?;
    recorder.add(Check::new("both-modes", verdict).took(start.elapsed()))?;
    let start = Instant::now();
    let check = quota(guest, &run).await?;
    recorder.add(check.took(start.elapsed()))
}

/// Adds a skipped check for each remaining check.
fn skip(recorder: &mut Recorder<'_>, why: &str) -> Result<(), Error> {
    for name in CHECKS_OF_A_RUN {
        if !recorder.has(name) {
            recorder.add(Check::new(name, Verdict::skipped(why)))?;
        }
    }
    Ok(())
}

/// The check `both-modes`: the guest makes the same records in both recording modes.
async fn both_modes(guest: &TestedComponent<'_>, inline: &GuestRun) -> Result<Verdict, Error> {
    if let Some(reason) = inline.recording.reason() {
        let reason = format!("the recording mode is always direct, because the guest {reason}");
        return Ok(Verdict::skipped(reason));
    }
    let direct = match run(guest, RecordingMode::Direct, None).await {
        Ok(run) => run,
        Err(RunFailure::Error(error)) => return Err(error),
        Err(RunFailure::Fault(fault)) => return Ok(Verdict::Failed(fault)),
    };
    if same(inline, &direct) {
        return Ok(Verdict::Passed);
    }
    match run(guest, RecordingMode::Inline, None).await {
        Err(RunFailure::Error(error)) => Err(error),
        Ok(again) if same(inline, &again) => Ok(Verdict::Failed(Fault::new(
            format!("in both recording modes: {}", summary(inline)),
            summary(&direct),
            "if the guest depends on time or chance, fix its input; otherwise, report this as a fault of the host",
        ))),
        _ => Ok(Verdict::skipped(
            "two runs in the same recording mode make different records",
        )),
    }
}

/// The check `quota`: half of the records exceed the quota.
async fn quota(guest: &TestedComponent<'_>, whole: &GuestRun) -> Result<Check, Error> {
    let quota = whole.counts.total() / 2;
    let check = |verdict| Check::new("quota", verdict);
    let run = match run(guest, RecordingMode::Inline, Some(quota)).await {
        Ok(run) => run,
        Err(RunFailure::Error(error)) => return Err(error),
        Err(RunFailure::Fault(fault)) => return Ok(check(Verdict::Failed(fault))),
    };
    let ledger = run.report.ledger;
    let dropped = ledger.dropped(DropReason::Quota);
    let note = format!(
        "quota of {}: the guest {}; {dropped} of {} records dropped",
        quota,
        run.report.end,
        ledger.accepted()
    );
    let expected = if !matches!(run.report.end, TaskEnd::Exited { .. }) {
        Some("the guest ends as without a quota")
    } else if ledger.in_flight() > 0 || dropped != ledger.dropped_total() {
        Some("each record is delivered, or dropped because of the quota")
    } else if ledger.delivered() > quota || run.counts.total() != ledger.delivered() {
        Some("no more records are delivered than the quota allows")
    } else {
        None
    };
    let verdict = expected.map_or(Verdict::Passed, |expected| {
        let fix = "a guest cannot observe a quota; check for behavior that depends on time or on the number of records";
        Verdict::Failed(Fault::new(expected, &*note, fix))
    });
    let note = if matches!(verdict, Verdict::Passed) {
        note
    } else {
        String::new()
    };
    Ok(check(verdict).note(note).figure("quota", quota as f64))
}

fn runs(run: &GuestRun, options: &TestOptions) -> Check {
    let report = &run.report;
    let raise = |term| format!("raise {} if the guest needs more", options.term(term));
    let fix = match &report.end {
        TaskEnd::Exited { .. } => None,
        TaskEnd::DeadlineExceeded { .. } => Some(raise(Term::Timeout) + " time"),
        TaskEnd::LimitHit { limit, .. } => Some(raise(match limit {
            Limit::Memory => Term::Memory,
            limit => Term::Limit(*limit),
        })),
        _ => Some("fix the cause: see the backtrace and the last output of the guest".to_owned()),
    };
    let verdict = fix.map_or(Verdict::Passed, |fix| {
        let mut seen = format!("the guest {}", report.end);
        if let TaskEnd::Trapped { trap } | TaskEnd::LimitHit { trap, .. } = &report.end {
            trap.backtrace
                .lines()
                .take(3)
                .for_each(|line| seen.push_str(&format!("\n{line}")));
        }
        let printed = String::from_utf8_lossy(&report.stderr);
        let printed: Vec<_> = printed.lines().filter(|line| !line.is_empty()).collect();
        for line in &printed[printed.len().saturating_sub(LINES)..] {
            seen.push_str(&format!("\n| {}", printable(line)));
        }
        Verdict::Failed(Fault::new(
            "the guest returns from `main`, or exits",
            seen,
            fix,
        ))
    });
    let recording = match &run.recording {
        ProgramRecording::Inline => "recording mode inline",
        ProgramRecording::Direct { .. } => "recording mode direct",
        _ => "no records",
    };
    let note = match verdict {
        Verdict::Passed => format!("the guest {}; {recording}", report.end),
        _ => String::new(),
    };
    Check::new("runs", verdict)
        .note(note)
        .figure("peak_memory_bytes", report.peak_memory as f64)
}

fn records(counts: &LabelCounts, options: &TestOptions) -> Check {
    let total = counts.total();
    let verdict = match total {
        0 => Verdict::skipped(format!(
            "the guest made no records; set {}",
            options.term(Term::Input)
        )),
        _ => Verdict::Passed,
    };
    let note = if total == 0 {
        String::new()
    } else {
        described(counts)
    };
    Check::new("records", verdict)
        .note(note)
        .figure("records", total as f64)
}

fn described(counts: &LabelCounts) -> String {
    let row = |row: &RecordCount| {
        let label = row.label.map_or(String::new(), |label| format!(" {label}"));
        format!("{} {}{label} {}", row.runner, row.record, row.count)
    };
    let rows: Vec<_> = counts.rows().iter().map(row).collect();
    format!("{}: {}", counts.total(), rows.join(", "))
}

fn pairs(counts: &LabelCounts, options: &TestOptions) -> Verdict {
    let unpaired = counts.unpaired();
    if unpaired.is_empty() {
        return Verdict::Passed;
    }
    let mut seen = Vec::new();
    for it in unpaired {
        if it.open > 0 {
            seen.push(format!(
                "{}: {} started without a completion",
                it.runner, it.open
            ));
        }
        if it.unstarted > 0 {
            let (runner, unstarted) = (it.runner, it.unstarted);
            seen.push(format!("{runner}: {unstarted} completed without a start"));
        }
    }
    let seen = seen.join("\n");
    let allow = options.term(Term::AllowUnpaired);
    if options.allow_unpaired {
        return Verdict::skipped(format!("{allow}: {}", seen.replace('\n', "; ")));
    }
    Verdict::Failed(Fault::new(
        "each completion has an earlier start of the same runner, and each start a completion",
        seen,
        format!(
            "record the start and then the completion of each task; for a guest that records only one of them, use {allow}"
        ),
    ))
}

fn durations(run: &GuestRun) -> Result<(), Fault> {
    match run.report.ledger.clamped() {
        0 => Ok(()),
        clamped => Err(Fault::new(
            "no task takes more than 365 days",
            format!(
                "{clamped} of {} records have a longer duration",
                run.report.ledger.accepted()
            ),
            "measure in milliseconds, with a clock that does not jump",
        )),
    }
}

fn same(one: &GuestRun, other: &GuestRun) -> bool {
    one.counts.same_labels(&other.counts) && one.report.end == other.report.end
}

fn summary(run: &GuestRun) -> String {
    format!(
        "the guest {}, and recorded {}",
        run.report.end,
        described(&run.counts)
    )
}
