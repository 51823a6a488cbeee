//! The report as readable text. Each part ends with a line break.

use std::fmt::{Formatter, Result};

use crate::check::{Check, Fault, Verdict};
use crate::suite::Suite;

/// The first line of a suite: the component and its role.
pub(crate) fn head(
    f: &mut Formatter<'_>,
    component: &str,
    version: Option<&str>,
    suite: &Suite,
) -> Result {
    let version = version.unwrap_or_default();
    write!(f, "{component} · {} of solti:metrics@{version}", suite.role)?;
    if !suite.interfaces.is_empty() {
        write!(f, " · {}", suite.interfaces.join(", "))?;
    }
    f.write_str("\n")
}

/// A line for the check, followed by the fault of a failed check.
pub(crate) fn check(f: &mut Formatter<'_>, check: &Check) -> Result {
    let (sign, told) = match &check.verdict {
        Verdict::Passed => ('✓', check.note.clone()),
        Verdict::Failed(_) => ('✗', check.note.clone()),
        Verdict::Skipped { reason } => ('–', format!("skipped: {reason}")),
    };
    let line = format!("  {sign} {:<18} {told}", check.name);
    writeln!(f, "{}", line.trim_end())?;
    match &check.verdict {
        Verdict::Failed(fault) => detail(f, fault),
        _ => Ok(()),
    }
}

fn detail(f: &mut Formatter<'_>, fault: &Fault) -> Result {
    for (head, told) in [
        ("expected", &fault.expected),
        ("seen", &fault.seen),
        ("fix", &fault.fix),
    ] {
        for (number, line) in told.lines().enumerate() {
            let head = if number == 0 { head } else { "" };
            writeln!(f, "      {head:<9} {line}")?;
        }
    }
    Ok(())
}

/// The last line of the report.
pub(super) fn summary(component: &str, suites: &[Suite]) -> String {
    let sum = |of: fn(&Suite) -> usize| suites.iter().map(of).sum::<usize>();
    let failed = sum(Suite::failed);
    let mut counts = Vec::new();
    for (count, label) in [
        (failed, "failed"),
        (sum(Suite::passed), "passed"),
        (sum(Suite::skipped), "skipped"),
    ] {
        if count > 0 {
            counts.push(format!("{count} {label}"));
        }
    }
    let verdict = if failed == 0 {
        "conforms"
    } else {
        "does not conform"
    };
    format!("{component} {verdict}: {}\n", counts.join(", "))
}
