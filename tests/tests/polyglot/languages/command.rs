//! A reporter, run by the command.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use solti_metrics_tests::artifact::command;

pub(crate) fn check(component: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let text = folder.path().join("text");
    fs::write(&text, "one two\nthree\n\nfour five six\n")?;
    let output = Command::new(command())
        .args(["run", "--no-cache", "--format", "json", "--stdin"])
        .args([&text, component])
        .args(["--", "2"])
        .output()?;
    let printed = String::from_utf8(output.stderr)?;
    ensure!(output.status.success() && printed == "3 3\n", "{printed}");

    let report: Value = serde_json::from_slice(&output.stdout)?;
    ensure!(report["recording_mode"] == "inline", "{report}");
    let tasks = report["tasks"].as_array().into_iter().flatten();
    let counts: Vec<_> = tasks
        .map(|task| (&task["outcome"], &task["count"]))
        .collect();
    // The program itself is another success.
    let expected = [
        (&json!("success"), &json!(4)),
        (&json!("canceled"), &json!(1)),
    ];
    ensure!(counts == expected, "{report}");
    Ok(())
}
