//! `alerts/`: rules for Prometheus, and the test cases of the rules.

use anyhow::Result;

use self::yaml::Yaml;

pub use alert::{Alert, Severity};
pub use case::{Case, Firing, case};
pub use recording::{Recording, recordings};

mod alert;
mod backends;
mod case;
mod process;
mod recording;
mod records;
mod runner;
mod tasks;
mod tested;
mod yaml;

const MADE: &str = "\
# Made by tests/src/operations/alerts.rs: edit that, then run `make bless`.
# docs/operate/alerts.md has the meaning, the impact and the fix of each alert.
";

/// A regular expression for the names of scrape jobs with runners.
pub const JOBS: &str = "solti-metrics.*";

/// A group of alerts, by the name of the group.
pub type Group = (&'static str, Vec<Alert>);

/// Every alert.
#[must_use]
pub fn groups() -> Vec<Group> {
    vec![
        ("solti-metrics.records", records::alerts()),
        ("solti-metrics.backends", backends::alerts()),
        ("solti-metrics.tasks", tasks::alerts()),
        ("solti-metrics.runner", runner::alerts()),
        ("solti-metrics.process", process::alerts()),
    ]
}

const RECORDING: &str = "solti-metrics.recording";

/// The text of `alerts/solti-metrics.rules.yml`.
#[must_use]
pub fn rules() -> String {
    let mut yaml = Yaml::new(MADE);
    yaml.line(0, "groups:");
    yaml.item(1, "name", RECORDING).line(2, "rules:");
    for recording in recordings() {
        yaml.comment(3, recording.about);
        yaml.item(3, "record", recording.name);
        yaml.block(4, "expr", &recording.expression);
    }
    for (name, alerts) in groups() {
        yaml.item(1, "name", name).line(2, "rules:");
        for alert in alerts {
            alert.write(&mut yaml);
        }
    }
    yaml.into_text()
}

/// The text of `alerts/solti-metrics.tests.yml`.
///
/// # Errors
///
/// When the text of an alert uses a label that a case does not give.
pub fn tests() -> Result<String> {
    tests_of(|_| true)
}

/// The text with the cases of selected alerts and recordings only. `wanted` selects them
/// by name.
///
/// # Errors
///
/// When the text of an alert uses a label that a case does not give.
pub fn tests_of(wanted: impl Fn(&str) -> bool) -> Result<String> {
    let mut yaml = Yaml::new(MADE);
    yaml.line(0, "rule_files:");
    yaml.line(1, "- solti-metrics.rules.yml");
    yaml.line(0, "evaluation_interval: 1m");
    // Alerts read recorded series of the same evaluation.
    yaml.line(0, "group_eval_order:");
    yaml.line(1, &format!("- {RECORDING}"));
    for (name, _) in groups() {
        yaml.line(1, &format!("- {name}"));
    }
    yaml.line(0, "tests:");
    for recording in recordings().iter().filter(|it| wanted(it.name)) {
        for check in &recording.checks {
            check.write(&mut yaml, recording.name);
        }
    }
    for (_, alerts) in groups() {
        for alert in alerts.iter().filter(|it| wanted(it.name)) {
            for case in &alert.cases {
                case.write(&mut yaml, alert)?;
            }
        }
    }
    Ok(yaml.into_text())
}
