//! A guest: it is run under a host that looks at what it records.

mod run;

use std::time::Instant;

use solti_metrics_host::DropReason;
use solti_metrics_host::limits::Limit;
use solti_metrics_host::runner::{ProgramRecording, RecordingMode, TaskEnd};
use solti_metrics_host::text::printable;

use crate::check::{Check, Fault, Verdict};
use crate::component::Component;
use crate::counts::{Counts, RecordCount};
use crate::error::Error;
use crate::options::Options;
use crate::recorder::Recorder;
use crate::term::Term;
use run::{NotRun, Run, run};

/// So many lines are shown of what it said last. A panic of Go begins with its message,
/// and has a dozen more.
const LINES: usize = 20;

/// The names of what is looked at once it has run.
const AFTERWARDS: [&str; 5] = ["records", "pairs", "durations", "both-paths", "quota"];

pub(crate) async fn test(recorder: &mut Recorder<'_>, guest: &Component<'_>) -> Result<(), Error> {
    let began = Instant::now();
    let run = match run(guest, RecordingMode::Inline, None).await {
        Ok(run) => run,
        Err(NotRun::Error(error)) => return Err(error),
        Err(NotRun::Fault(fault)) => {
            let check = Check::new("runs", Verdict::Failed(fault));
            recorder.add(check.took(began.elapsed()))?;
            return skip(recorder, "it does not run");
        }
    };
    let options = guest.options;
    let runs = runs(&run, options).took(began.elapsed());
    let failed = runs.failed();
    recorder.add(runs)?;
    recorder.add(records(&run.counts, options))?;
    recorder.suite.records = Some(run.counts.rows());
    if failed {
        return skip(recorder, "it did not end by itself");
    }
    if run.counts.total() == 0 {
        return skip(recorder, "it recorded nothing");
    }
    recorder.add(Check::new("pairs", pairs(&run.counts, options)))?;
    recorder.add(Check::new("durations", durations(&run).into()))?;
    let began = Instant::now();
    let verdict = both_paths(guest, &run).await?;
    recorder.add(Check::new("both-paths", verdict).took(began.elapsed()))?;
    let began = Instant::now();
    let check = quota(guest, &run).await?;
    recorder.add(check.took(began.elapsed()))
}

/// Of what was not looked at, why not.
fn skip(recorder: &mut Recorder<'_>, why: &str) -> Result<(), Error> {
    for name in AFTERWARDS {
        if !recorder.has(name) {
            recorder.add(Check::new(name, Verdict::skipped(why)))?;
        }
    }
    Ok(())
}

/// Whether the same is recorded, however records travel.
async fn both_paths(guest: &Component<'_>, inline: &Run) -> Result<Verdict, Error> {
    if let Some(reason) = inline.path.reason() {
        let reason = format!("there is only the direct path for it, since it {reason}");
        return Ok(Verdict::skipped(reason));
    }
    let direct = match run(guest, RecordingMode::Direct, None).await {
        Ok(run) => run,
        Err(NotRun::Error(error)) => return Err(error),
        Err(NotRun::Fault(fault)) => return Ok(Verdict::Failed(fault)),
    };
    if same(inline, &direct) {
        return Ok(Verdict::Passed);
    }
    match run(guest, RecordingMode::Inline, None).await {
        Err(NotRun::Error(error)) => Err(error),
        Ok(again) if same(inline, &again) => Ok(Verdict::Failed(Fault::new(
            format!("on the direct path as inlined: {}", summary(inline)),
            summary(&direct),
            "if it depends on time or chance, fix what it is given; if not, this is a fault of the host: please report it",
        ))),
        _ => Ok(Verdict::skipped(
            "it does not record the same twice, whatever the path",
        )),
    }
}

/// How it behaves when half of its records are too many.
async fn quota(guest: &Component<'_>, whole: &Run) -> Result<Check, Error> {
    let quota = whole.counts.total() / 2;
    let check = |verdict| Check::new("quota", verdict);
    let run = match run(guest, RecordingMode::Inline, Some(quota)).await {
        Ok(run) => run,
        Err(NotRun::Error(error)) => return Err(error),
        Err(NotRun::Fault(fault)) => return Ok(check(Verdict::Failed(fault))),
    };
    let ledger = run.report.ledger;
    let dropped = ledger.dropped(DropReason::Quota);
    let note = format!(
        "of {}: it {}; {dropped} of {} records dropped",
        quota,
        run.report.end,
        ledger.accepted()
    );
    let expected = if !matches!(run.report.end, TaskEnd::Exited { .. }) {
        Some("it ends as without a quota")
    } else if ledger.in_flight() > 0 || dropped != ledger.dropped_total() {
        Some("each record is delivered, or dropped for the quota")
    } else if ledger.delivered() > quota || run.counts.total() != ledger.delivered() {
        Some("no more records are delivered than the quota allows")
    } else {
        None
    };
    let verdict = expected.map_or(Verdict::Passed, |expected| {
        let fix = "recording says nothing of a quota, and none is to be noticed: look for what depends on time, or on how much was recorded";
        Verdict::Failed(Fault::new(expected, &*note, fix))
    });
    let note = if matches!(verdict, Verdict::Passed) {
        note
    } else {
        String::new()
    };
    Ok(check(verdict).note(note).figure("quota", quota as f64))
}

fn runs(run: &Run, options: &Options) -> Check {
    let report = &run.report;
    let raise = |term| format!("raise {} if it needs more", options.term(term));
    let fix = match &report.end {
        TaskEnd::Exited { .. } => None,
        TaskEnd::DeadlineExceeded { .. } => Some(raise(Term::Timeout) + " time"),
        TaskEnd::LimitHit { limit, .. } => Some(raise(match limit {
            Limit::Memory => Term::Memory,
            limit => Term::Limit(*limit),
        })),
        _ => Some("the fault is the guest's: see where it was".to_owned()),
    };
    let verdict = fix.map_or(Verdict::Passed, |fix| {
        let mut seen = format!("it {}", report.end);
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
        Verdict::Failed(Fault::new("it returns from `main`, or exits", seen, fix))
    });
    let path = match &run.path {
        ProgramRecording::Inline => "records inlined",
        ProgramRecording::Direct { .. } => "records by calls of the host",
        _ => "no records",
    };
    let note = match verdict {
        Verdict::Passed => format!("it {}; {path}", report.end),
        _ => String::new(),
    };
    Check::new("runs", verdict)
        .note(note)
        .figure("peak_memory_bytes", report.peak_memory as f64)
}

fn records(counts: &Counts, options: &Options) -> Check {
    let total = counts.total();
    let verdict = match total {
        0 => Verdict::skipped(format!(
            "it recorded nothing: give it {}",
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

fn described(counts: &Counts) -> String {
    let row = |row: &RecordCount| {
        let label = row.label.map_or(String::new(), |label| format!(" {label}"));
        format!("{} {}{label} {}", row.runner, row.record, row.count)
    };
    let rows: Vec<_> = counts.rows().iter().map(row).collect();
    format!("{}: {}", counts.total(), rows.join(", "))
}

fn pairs(counts: &Counts, options: &Options) -> Verdict {
    let unpaired = counts.unpaired();
    if unpaired.is_empty() {
        return Verdict::Passed;
    }
    let mut seen = Vec::new();
    for it in unpaired {
        if it.open > 0 {
            seen.push(format!(
                "{}: {} started, and never completed",
                it.runner, it.open
            ));
        }
        if it.unstarted > 0 {
            let (runner, unstarted) = (it.runner, it.unstarted);
            seen.push(format!(
                "{runner}: {unstarted} completed, and none was started"
            ));
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
        format!("record both for each task, in that order; with {allow}, if it only tells a part"),
    ))
}

fn durations(run: &Run) -> Result<(), Fault> {
    match run.report.ledger.clamped() {
        0 => Ok(()),
        clamped => Err(Fault::new(
            "no task takes more than 365 days",
            format!(
                "{clamped} of {} records say so",
                run.report.ledger.accepted()
            ),
            "measure in milliseconds, with a clock that does not jump",
        )),
    }
}

fn same(one: &Run, other: &Run) -> bool {
    one.counts.same_labels(&other.counts) && one.report.end == other.report.end
}

fn summary(run: &Run) -> String {
    format!(
        "it {}, and recorded {}",
        run.report.end,
        described(&run.counts)
    )
}
