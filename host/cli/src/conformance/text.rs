//! The report, for a person.

use super::suite::Suite;
use super::verdict::{Check, Fault, Verdict};

/// What comes first: what is tested, and as what.
pub(super) fn head(component: &str, version: &str, suite: &Suite) -> String {
    let mut head = format!("{component} · {} of solti:metrics@{version}", suite.role);
    if !suite.interfaces.is_empty() {
        head.push_str(" · ");
        head.push_str(&suite.interfaces.join(", "));
    }
    head.push('\n');
    head
}

/// A line for each check, and what is wrong beneath it.
pub(super) fn check(check: &Check) -> String {
    let (sign, told) = match &check.verdict {
        Verdict::Passed => ('✓', check.note.clone()),
        Verdict::Failed(_) => ('✗', check.note.clone()),
        Verdict::Skipped { reason } => ('–', format!("skipped: {reason}")),
    };
    let line = format!("  {sign} {:<18} {told}", check.name);
    let mut text = line.trim_end().to_owned();
    text.push('\n');
    if let Verdict::Failed(fault) = &check.verdict {
        text.push_str(&detail(fault));
    }
    text
}

fn detail(fault: &Fault) -> String {
    let mut text = String::new();
    for (head, told) in [
        ("expected", &fault.expected),
        ("seen", &fault.seen),
        ("change", &fault.fix),
    ] {
        for (number, line) in told.lines().enumerate() {
            let head = if number == 0 { head } else { "" };
            text.push_str(&format!("      {head:<9} {line}\n"));
        }
    }
    text
}

/// What comes last.
pub(super) fn verdict(component: &str, suites: &[Suite]) -> String {
    let count = |label| suites.iter().map(|suite| suite.count(label)).sum::<usize>();
    let (failed, passed, skipped) = (count("failed"), count("passed"), count("skipped"));
    let mut counts = Vec::new();
    for (count, label) in [(failed, "failed"), (passed, "passed"), (skipped, "skipped")] {
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
