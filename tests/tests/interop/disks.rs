//! Disks that are full, read-only or slow, and system calls that signals interrupt. A file
//! system of the test is mounted where only the runner sees it, which takes root.

mod interrupted;
mod mounted;
mod with_cache;
mod with_records;

use std::path::Path;

use anyhow::Result;
use solti_metrics_tests::reference_tool::{ReferenceTool, required};
use solti_metrics_tests::trial::Trial;

pub(crate) fn trials() -> Result<Vec<Trial>> {
    type Check = fn(&Path) -> Result<()>;
    let mounted: [(&str, Check); 5] = [
        (
            "code_that_a_full_disk_refuses_still_runs_and_is_stored_later",
            with_cache::full,
        ),
        (
            "a_runner_without_space_for_its_key_works_without_a_cache",
            with_cache::no_space,
        ),
        (
            "a_runner_with_a_read_only_cache_works_without_it",
            with_cache::read_only,
        ),
        (
            "a_cache_that_becomes_read_only_stores_again_when_it_can",
            with_cache::becomes_read_only,
        ),
        (
            "records_that_a_full_disk_refuses_are_counted_until_there_is_space",
            with_records::full,
        ),
    ];
    let traced: [(&str, Check); 2] = [
        (
            "a_slow_disk_delays_no_scrape_and_no_stop",
            interrupted::slow,
        ),
        (
            "interrupted_system_calls_are_made_again",
            interrupted::injected,
        ),
    ];
    let (unshare, strace) = (may_mount(), ReferenceTool::strace());
    let mut trials: Vec<_> = mounted
        .into_iter()
        .map(|(name, check)| unshare.trial(name, check))
        .collect();
    trials.extend(traced.map(|(name, check)| strace.trial(name, check)));
    trials.push(solti_metrics_tests::trial::trial(
        "storms_of_signals_change_nothing",
        interrupted::storm,
    ));
    Ok(trials)
}

/// The program `unshare`, if this user may mount a file system with it.
fn may_mount() -> ReferenceTool {
    let tool = ReferenceTool::on_path("unshare");
    let ReferenceTool::Here(path) = &tool else {
        return tool;
    };
    let mut mount = std::process::Command::new(path);
    mount.args(["-m", "mount", "-t", "tmpfs", "none", "/tmp"]);
    match mount.output() {
        Ok(output) if output.status.success() => tool,
        other => {
            let reason = format!("no mounted disk, which takes root: {other:?}");
            match required() {
                true => ReferenceTool::Fail(reason),
                false => ReferenceTool::Skip(reason),
            }
        }
    }
}
