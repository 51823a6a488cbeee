//! The results of Prometheus' own tool for rules and cases.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::operations::alerts::{rules, tests, tests_of};
use solti_metrics_tests::reference_tool::ReferenceTool;
use solti_metrics_tests::trial::Trial;
use tempfile::TempDir;

pub(crate) fn trials() -> Vec<Trial> {
    let promtool = ReferenceTool::promtool();
    vec![
        promtool.trial("promtool_accepts_the_rules", accepts),
        promtool.trial("each_alert_fires_and_is_silent_as_shown", passes),
        promtool.trial("a_wrong_rule_fails_its_cases", fails),
    ]
}

fn accepts(promtool: &Path) -> Result<()> {
    let folder = written(&rules(), &tests()?)?;
    let answer = about(
        promtool,
        ["check", "rules", "--lint-fatal"],
        folder.path(),
        "rules.yml",
    )?;
    ensure!(answer.status.success(), "it says {}", said(&answer));
    Ok(())
}

fn passes(promtool: &Path) -> Result<()> {
    let folder = written(&rules(), &tests()?)?;
    let answer = about(promtool, ["test", "rules"], folder.path(), "tests.yml")?;
    ensure!(answer.status.success(), "it says {}", said(&answer));
    Ok(())
}

/// The cases of an alert find a mistake in its rule.
fn fails(promtool: &Path) -> Result<()> {
    for (alert, right, wrong) in [
        (
            "SoltiRecordsDropped",
            r#"reason!="sampled""#,
            r#"reason!="other""#,
        ),
        ("SoltiRecordsDropped", "increase(", "delta("),
        (
            "SoltiLedgerImbalance",
            "sum without (reason)",
            "max without (reason)",
        ),
        ("SoltiLedgerImbalance", "for: 10m", "for: 40m"),
        ("SoltiLedgerImbalance", "min_over_time", "max_over_time"),
        ("SoltiBackendRestarting", " >= 3", " >= 1"),
        (
            "SoltiTaskOverdue",
            "and\nsolti_metrics_task_loaded == 1",
            "",
        ),
        (
            "SoltiRunnerRestarting",
            "and on (job, instance)",
            "or on (job, instance)",
        ),
        ("SoltiRunnerDown", "severity: critical", "severity: warning"),
    ] {
        // The lines of a block are indented.
        let right = right.replace('\n', &format!("\n{}", "  ".repeat(5)));
        let changed = rules().replace(&right, wrong);
        ensure!(changed != rules(), "nothing has {right:?}");
        let folder = written(&changed, &tests_of(|name| name == alert)?)?;
        let answer = about(promtool, ["test", "rules"], folder.path(), "tests.yml")?;
        let noticed = !answer.status.success() && said(&answer).contains("FAILED");
        ensure!(
            noticed,
            "no case of {alert} minds {wrong:?}: {}",
            said(&answer)
        );
    }
    Ok(())
}

pub(crate) fn said(answer: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&answer.stdout) + &text(&answer.stderr)
}

fn written(rules: &str, tests: &str) -> Result<TempDir> {
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("rules.yml"), rules)?;
    let tests = tests.replace("solti-metrics.rules.yml", "rules.yml");
    fs::write(folder.path().join("tests.yml"), tests)?;
    Ok(folder)
}

pub(crate) fn about<const N: usize>(
    promtool: &Path,
    command: [&str; N],
    folder: &Path,
    file: &str,
) -> Result<Output> {
    // The path may be relative to the current folder.
    let mut command_line = Command::new(promtool.canonicalize()?);
    command_line.args(command).arg(file).current_dir(folder);
    command_line.output().context("running promtool")
}
