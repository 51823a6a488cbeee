use std::fmt::Debug;

use anyhow::{Result, ensure};

use crate::faults::case::Case;
use crate::faults::child::End;
use crate::faults::report::Report;

/// Compares the end of a program with the expected result.
pub(crate) fn check(case: &Case, end: &End) -> Result<()> {
    ensure!(!end.stderr.contains("panicked at"), "it panicked");
    must_be("exit code", &end.status.code(), &Some(case.status))?;
    must_contain("stderr", &end.stderr, &case.stderr)?;
    must_contain("stdout", &end.stdout, &case.stdout)?;
    if case.reports() {
        check_report(case, &Report::parse(&end.stdout)?)?;
    }
    Ok(())
}

fn check_report(case: &Case, report: &Report) -> Result<()> {
    let (guests, runner) = (&report.ledger.guests, &report.ledger.runner);
    guests.must_balance("the guests")?;
    runner.must_balance("the runner")?;

    if !case.started.is_empty() {
        must_be("tasks started", &report.started(), &case.started)?;
    }
    must_be("tasks completed", &report.tasks(), &case.tasks)?;
    must_be("runner errors", &report.errors(), &case.errors)?;
    must_be("accepted", &guests.accepted, &case.ledger.accepted)?;
    must_be("delivered", &guests.delivered, &case.ledger.delivered)?;
    must_be("clamped", &guests.clamped, &case.ledger.clamped)?;
    must_be("dropped", &guests.dropped(), &case.ledger.dropped)
}

fn must_be<T: PartialEq + Debug>(what: &str, found: &T, expected: &T) -> Result<()> {
    ensure!(
        found == expected,
        "{what}: found {found:?}, expected {expected:?}"
    );
    Ok(())
}

fn must_contain(what: &str, output: &str, expected: &[String]) -> Result<()> {
    for part in expected {
        ensure!(output.contains(part), "{what} does not contain {part:?}");
    }
    Ok(())
}
