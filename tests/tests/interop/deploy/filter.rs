//! The filter of the systemd unit, compared with the system calls of a server.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail, ensure};
use solti_metrics_tests::artifact::{WASI, artifact, command};
use solti_metrics_tests::http::ask;
use solti_metrics_tests::reference_tool::ReferenceTool;
use solti_metrics_tests::served::{FILE, HEAD, Served};
use solti_metrics_tests::trial::Trial;

use crate::deploy::deployed;
use crate::deploy::unit::UNIT;

/// A task, a backend in a component, and a push. The compilation cache is new, so components
/// are compiled, with and without the shim.
const CONFIG: &str = r#"
[compilation]
cache = "code"
[tasks.digest]
component = "digest.wasm"
args = ["in"]
dirs = ["in"]
[backends.sink]
component = "provider.wasm"
[backends.push]
statsd = { address = "localhost:9" }
"#;

pub(crate) fn trials() -> Vec<Trial> {
    let both = ReferenceTool::systemd_analyze().and(ReferenceTool::strace());
    vec![both.trial("the_filter_allows_the_system_calls_of_a_server", compared)]
}

fn compared(analyze: &Path) -> Result<()> {
    let ReferenceTool::Here(strace) = ReferenceTool::strace() else {
        bail!("no strace");
    };
    let made = calls(&strace)?;
    ensure!(made.len() > 40, "{made:?}");
    let unit = deployed(UNIT)?;
    let allows = allowed(analyze, &unit)?;
    let refused: Vec<_> = made.difference(&allows).collect();
    ensure!(refused.is_empty(), "the unit refuses {refused:?}");
    // The comparison finds a call that a filter refuses.
    let narrow = allowed(analyze, &format!("{unit}\nSystemCallFilter=~@io-event\n"))?;
    ensure!(!made.is_subset(&narrow), "{made:?}");
    Ok(())
}

/// The names of the system calls of a server and its compiler processes, from the start to
/// the stop, with a reload that compiles another component.
fn calls(strace: &Path) -> Result<BTreeSet<String>> {
    let place = tempfile::tempdir()?;
    let here = place.path();
    for component in ["digest", "provider", "hello"] {
        let file = format!("{component}.wasm");
        fs::copy(artifact(component, WASI), here.join(file))?;
    }
    fs::create_dir(here.join("in"))?;
    fs::write(here.join("in/file"), "text")?;
    // With `-D`, the server is the child of this test, and receives its signals.
    let mut traced = Command::new(strace);
    traced.args(["-D", "-f", "-qq", "-o", "calls"]);
    traced.arg(command()).args(["serve", FILE]);
    traced.current_dir(here).env_remove("RUST_LOG");
    let mut served = Served::start_with(&mut traced, here, &format!("{HEAD}{CONFIG}"))?;
    let runs = r#"solti_metrics_task_runs_total{task="digest",outcome="success"}"#;
    served.until_at_least(runs, 1.0)?;
    let zipped = "Accept-Encoding: gzip\r\n";
    ask(served.address()?, "HEAD", "/metrics", zipped)?;
    let other = "[tasks.other]\ncomponent = \"hello.wasm\"\n";
    let error = served.reload(&format!("{CONFIG}{other}"))?;
    ensure!(error.is_none(), "{error:?}");
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    let calls = fs::read_to_string(here.join("calls"))?;
    ensure!(calls.contains("compile-worker"), "nothing was compiled");
    let names = calls.lines().filter_map(|line| {
        let (_, call) = line.split_once(' ')?;
        let (name, _) = call.trim_start().split_once('(')?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        (!name.is_empty() && name.chars().all(is_name)).then(|| name.to_owned())
    });
    Ok(names.collect())
}

/// The system calls that the filters of a unit allow: the first one allows, and later ones
/// add or, with `~`, remove.
fn allowed(analyze: &Path, unit: &str) -> Result<BTreeSet<String>> {
    let mut allowed = expanded(analyze, "@default")?;
    let filters = unit.lines();
    for filter in filters.filter_map(|line| line.strip_prefix("SystemCallFilter=")) {
        let removed = filter.strip_prefix('~');
        for name in removed.unwrap_or(filter).split_whitespace() {
            let calls = expanded(analyze, name)?;
            if removed.is_some() {
                allowed.retain(|call| !calls.contains(call));
            } else {
                allowed.extend(calls);
            }
        }
    }
    Ok(allowed)
}

/// The system calls of a group such as `@io-event`, or one system call.
fn expanded(analyze: &Path, name: &str) -> Result<BTreeSet<String>> {
    if !name.starts_with('@') {
        return Ok([name.to_owned()].into());
    }
    let output = Command::new(analyze)
        .args(["syscall-filter", "--no-pager", name])
        .output()?;
    ensure!(output.status.success(), "{name}: {output:?}");
    let text = String::from_utf8(output.stdout)?;
    let mut calls = BTreeSet::new();
    for line in text.lines().skip(1).map(str::trim) {
        if !line.is_empty() && !line.starts_with('#') {
            calls.extend(expanded(analyze, line)?);
        }
    }
    ensure!(!calls.is_empty(), "{name} has no calls: {text}");
    Ok(calls)
}
