//! Builds a project, and uses the result.

use std::fs;

use anyhow::{Result, bail, ensure};
use serde_json::Value;
use solti_metrics_tests::artifact::{WASI, artifact};
use solti_metrics_tests::counted::exposed;

use crate::new::project::{Project, RUST_SDK};

pub(crate) fn check(language: &str, role: &str) -> Result<()> {
    let project = Project::new(language, role)?;
    project.build()?;
    is_formatted(&project, language)?;
    // `check` compiles it with a long limit, since other tests may keep the machine busy.
    // The next commands find the cached code.
    let name = &project.name;
    let said = project.shell(&format!(
        "solti-metrics check --compile-timeout 30m {name}.wasm"
    ))?;
    ensure!(said.contains(&format!("role      {role}\n")), "{said}");
    let said = project.shell("make test")?;
    ensure!(said.contains(&format!("{name}.wasm conforms: ")), "{said}");
    match role {
        "guest" => guest(&project)?,
        "provider" => provider(&project)?,
        "middleware" => middleware(&project)?,
        _ => bail!("{role} is not a role"),
    }
    let mut written = Project::new(language, role)?.files()?;
    if language.starts_with("rust") {
        written.insert("Cargo.lock".into(), Vec::new());
    }
    let kept = project.shell("git init -q && git add -A && git ls-files && rm -rf .git")?;
    ensure!(kept.lines().eq(written.keys()), "git would keep\n{kept}");
    // Cargo would remove all build results of the README.
    if !language.starts_with("rust") {
        project.shell("make clean")?;
        let left = project.files()?;
        ensure!(left.keys().eq(written.keys()), "{:?}", left.keys());
    }
    Ok(())
}

fn guest(project: &Project) -> Result<()> {
    let lines = fs::read_to_string(project.path("README.md"))?
        .lines()
        .count();
    let said = project.shell("make run")?;
    ensure!(said.contains(&format!("\n{lines} lines\n")), "{said}");

    let component = project.component();
    let report = project.shell(&format!(
        "solti-metrics run --format json --stdin README.md {} 2>/dev/null",
        component.display()
    ))?;
    let report: Value = serde_json::from_str(&report)?;
    // The reporter's own task, and the program.
    let tasks = report["tasks"].as_array().cloned().unwrap_or_default();
    ensure!(
        tasks.len() == 1 && tasks[0]["outcome"] == "success" && tasks[0]["count"] == 2,
        "{report}"
    );
    ensure!(report["recording_mode"] == "inline", "{report}");
    Ok(())
}

fn provider(project: &Project) -> Result<()> {
    let (said, tasks) = with_reporter(project)?;
    let row = format!(
        "{} {records} {records} 0 0 0",
        project.name,
        records = 2 * tasks
    );
    ensure!(
        said.lines().any(|line| words(line) == row),
        "{row} in\n{said}"
    );

    let (exposed, [started, completed, errors]) = exposed(&project.component())?;
    let expected = format!(
        "# TYPE tasks_started counter\ntasks_started_total {started}\n\
         # TYPE tasks_completed counter\ntasks_completed_total {completed}\n\
         # TYPE runner_errors counter\nrunner_errors_total {errors}\n\
         # EOF\n"
    );
    ensure!(exposed == expected, "{exposed}");
    Ok(())
}

fn middleware(project: &Project) -> Result<()> {
    let (said, tasks) = with_reporter(project)?;
    for sample in [
        format!(r#"solti_runner_tasks_started_total{{runner="container"}} {tasks}"#),
        r#"solti_runner_tasks_started_total{runner="wasm"} 0"#.to_owned(),
        format!(
            r#"solti_runner_tasks_completed_total{{runner="container",outcome="success"}} {tasks}"#
        ),
    ] {
        ensure!(
            said.lines().any(|line| line == sample),
            "{sample} in\n{said}"
        );
    }
    Ok(())
}

/// The output of a provider with the records of our reporter, and the number of its
/// tasks: one for each line, and the program.
fn with_reporter(project: &Project) -> Result<(String, usize)> {
    let lines = fs::read_to_string(project.path("README.md"))?
        .lines()
        .count();
    let said = project.shell(&format!(
        "make run GUEST='--stdin README.md {}'",
        artifact("reporter", WASI).display()
    ))?;
    Ok((said, lines + 1))
}

fn words(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Checks the format with the language's own tool.
fn is_formatted(project: &Project, language: &str) -> Result<()> {
    let unformatted = match language {
        "rust" | RUST_SDK => project.shell("env -u RUSTC cargo fmt --check")?,
        "zig" => project.shell("zig fmt --check .")?,
        "go" => project.shell("\"$(go env GOROOT)\"/bin/gofmt -l .")?,
        _ => String::new(),
    };
    ensure!(unformatted.is_empty(), "{unformatted}");
    Ok(())
}
