//! The commands of `docs/backends/`.

use std::fs;

use anyhow::{Result, ensure};

use super::{BACKENDS, COMPOSE, blocks_of, folder_with, only, shell};

#[test]
fn the_commands_with_backends_succeed_as_shown() -> Result<()> {
    let folder = folder_with(&["digest", "provider", "jsonl", "sampler"])?;
    for line in only(&blocks_of(BACKENDS)?, "sh", "backends")?.lines() {
        shell(line, folder.path())?;
    }
    let lines = fs::read_to_string(folder.path().join("out/metrics.jsonl"))?;
    ensure!(lines.lines().count() > 20, "{lines}");
    Ok(())
}

#[test]
fn the_composition_runs_as_shown() -> Result<()> {
    let folder = folder_with(&["digest", "sampler", "jsonl"])?;
    for line in only(&blocks_of(COMPOSE)?, "sh", "compose")?.lines() {
        shell(line, folder.path())?;
    }
    let lines = fs::read_to_string(folder.path().join("out/metrics.jsonl"))?;
    let started = |line: &&str| line.contains("task_started");
    let (started, completed): (Vec<_>, Vec<_>) = lines.lines().partition(started);
    let sampled = !completed.is_empty() && completed.len() < started.len();
    ensure!(sampled, "{lines}");
    Ok(())
}
