//! A guest: it is run under a host that looks at what it records.

mod run;

use std::time::Instant;

use solti_metrics_host::DropReason;
use solti_metrics_host::runner::{Limit, Path, RecordPath, TaskEnd, printable};

use super::counts::{Counts, Row};
use super::suite::Suite;
use super::verdict::{Check, Fault, Verdict};
use crate::limits;
pub(super) use run::Guest;
use run::Run;

/// So many lines are shown of what it said last. A panic of Go begins with its message,
/// and has a dozen more.
const LINES: usize = 20;

/// The names of what is looked at once it has run.
const AFTERWARDS: [&str; 5] = ["records", "pairs", "durations", "both-paths", "quota"];

pub(super) async fn test(suite: &mut Suite, guest: &Guest<'_>) -> anyhow::Result<()> {
    let began = Instant::now();
    let first = guest.run(RecordPath::Inline, None).await?;
    let run = match first {
        Ok(run) => run,
        Err(error) => {
            suite.add(Check::new("runs", Verdict::Failed(error.fault())).took(began.elapsed()))?;
            return skip(suite, "it does not run");
        }
    };
    let runs = runs(&run).took(began.elapsed());
    let failed = runs.failed();
    suite.add(runs)?;
    suite.add(records(&run.counts))?;
    suite.records = Some(run.counts.rows());
    if failed {
        return skip(suite, "it did not end by itself");
    }
    if run.counts.total() == 0 {
        return skip(suite, "it recorded nothing");
    }
    suite.add(Check::new(
        "pairs",
        pairs(&run.counts, guest.args.allow_unpaired),
    ))?;
    suite.add(Check::new("durations", durations(&run).into()))?;
    let began = Instant::now();
    let check = guest.both_paths(&run).await?;
    suite.add(check.took(began.elapsed()))?;
    let began = Instant::now();
    let check = guest.quota(&run).await?;
    suite.add(check.took(began.elapsed()))
}

/// Of what was not looked at, why not.
fn skip(suite: &mut Suite, why: &str) -> anyhow::Result<()> {
    for name in AFTERWARDS {
        if !suite.has(name) {
            suite.add(Check::new(name, Verdict::skipped(why)))?;
        }
    }
    Ok(())
}

impl Guest<'_> {
    /// Whether the same is recorded, however records travel.
    async fn both_paths(&self, inline: &Run) -> anyhow::Result<Check> {
        let check = |verdict| Check::new("both-paths", verdict);
        if let Some(reason) = inline.path.reason() {
            let reason = format!("there is only the direct path for it, since it {reason}");
            return Ok(check(Verdict::skipped(reason)));
        }
        let direct = match self.run(RecordPath::Direct, None).await? {
            Ok(run) => run,
            Err(error) => return Ok(check(Verdict::Failed(error.fault()))),
        };
        if same(inline, &direct) {
            return Ok(check(Verdict::Passed));
        }
        match self.run(RecordPath::Inline, None).await? {
            Ok(again) if same(inline, &again) => {
                let fault = Fault::new(
                    format!("on the direct path as inlined: {}", summary(inline)),
                    summary(&direct),
                    "if it depends on time or chance, fix what it is given; if not, this is a fault of the host: please report it",
                );
                Ok(check(Verdict::Failed(fault)))
            }
            _ => Ok(check(Verdict::skipped(
                "it does not record the same twice, whatever the path",
            ))),
        }
    }

    /// How it behaves when half of its records are too many.
    async fn quota(&self, whole: &Run) -> anyhow::Result<Check> {
        let quota = whole.counts.total() / 2;
        let check = |verdict| Check::new("quota", verdict);
        let run = match self.run(RecordPath::Inline, Some(quota)).await? {
            Ok(run) => run,
            Err(error) => return Ok(check(Verdict::Failed(error.fault()))),
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
}

fn runs(run: &Run) -> Check {
    let report = &run.report;
    let fix = match &report.end {
        TaskEnd::Exited { .. } => None,
        TaskEnd::DeadlineExceeded { .. } => Some("raise --timeout if it needs more time".into()),
        TaskEnd::LimitHit { limit, .. } => Some(match limit {
            Limit::Memory => "raise --memory if it needs more".into(),
            limit => limits::advice(*limit),
        }),
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
        Path::Inline => "records inlined",
        Path::Direct { .. } => "records by calls of the host",
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

fn records(counts: &Counts) -> Check {
    let total = counts.total();
    let verdict = match total {
        0 => Verdict::skipped(
            "it recorded nothing: give it arguments behind --, --stdin, --dir or --env",
        ),
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
    let row = |row: &Row| {
        let label = row.label.map_or(String::new(), |label| format!(" {label}"));
        format!("{} {}{label} {}", row.runner, row.record, row.count)
    };
    let rows: Vec<_> = counts.rows().iter().map(row).collect();
    format!("{}: {}", counts.total(), rows.join(", "))
}

fn pairs(counts: &Counts, allowed: bool) -> Verdict {
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
    if allowed {
        return Verdict::skipped(format!("--allow-unpaired: {}", seen.replace('\n', "; ")));
    }
    Verdict::Failed(Fault::new(
        "each completion has an earlier start of the same runner, and each start a completion",
        seen,
        "record both for each task, in that order; with --allow-unpaired, if it only tells a part",
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
