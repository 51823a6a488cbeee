//! Recording and alerting rules, and their cases.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use solti_metrics_tests::operations::alerts::{Alert, groups, recordings, rules, tests};
use solti_metrics_tests::trial::{Trial, trial};

use crate::operations::written;

pub(crate) const RULES: &str = "alerts/solti-metrics.rules.yml";
pub(crate) const TESTS: &str = "alerts/solti-metrics.tests.yml";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("the_stored_rules_are_current", || written(RULES, &rules())),
        trial("the_stored_cases_are_current", || written(TESTS, &tests()?)),
        trial("each_alert_is_shown_firing_and_silent", each_has_both),
        trial("names_of_alerts_and_recordings_are_unique", names),
        trial("an_alert_has_a_summary_and_advice", words),
    ]
}

pub(crate) fn all() -> impl Iterator<Item = Alert> {
    groups().into_iter().flat_map(|(_, alerts)| alerts)
}

fn each_has_both() -> Result<()> {
    for alert in all() {
        for silent in [false, true] {
            let shown = alert
                .cases
                .iter()
                .any(|case| case.firing.is_empty() == silent);
            let how = if silent { "silent" } else { "firing" };
            ensure!(shown, "no case shows {} {how}", alert.name);
        }
    }
    Ok(())
}

fn names() -> Result<()> {
    let mut names = BTreeSet::new();
    for name in all().map(|alert| alert.name) {
        ensure!(names.insert(name), "{name} twice");
        ensure!(
            name.starts_with("Solti"),
            "{name} lacks the prefix of this project"
        );
    }
    for recording in recordings() {
        ensure!(names.insert(recording.name), "{} twice", recording.name);
        let parts = recording.name.split(':').count();
        ensure!(
            parts == 3,
            "{} is not level:metric:operation",
            recording.name
        );
    }
    Ok(())
}

fn words() -> Result<()> {
    for alert in all() {
        let name = alert.name;
        ensure!(!alert.summary.contains('\n'), "{name}: more than one line");
        ensure!(
            !alert.summary.ends_with('.'),
            "{name}: a summary is not a sentence"
        );
        let sentences = alert.description.matches(['.', ':']).count();
        ensure!(sentences >= 2, "{name} does not say what to do");
        ensure!(
            alert.description.ends_with('.'),
            "{name}: no whole sentence"
        );
    }
    Ok(())
}
