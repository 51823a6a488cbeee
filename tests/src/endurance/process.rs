use std::fs;

use anyhow::{Context, Result};

/// What the kernel says of a process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Process {
    /// KiB of it that are in memory, and in no file.
    pub(super) anonymous_kib: f64,
    /// How many threads it has.
    pub(super) threads: usize,
    /// How many files and sockets it has open.
    pub(super) fds: usize,
}

impl Process {
    /// Of the one with this number.
    pub(super) fn of(id: u32) -> Result<Self> {
        let status = fs::read_to_string(format!("/proc/{id}/status"))?;
        let number = |key: &str| -> Result<f64> {
            let line = status.lines().find_map(|line| line.strip_prefix(key));
            let number = line.and_then(|line| line.split_whitespace().next());
            Ok(number.context("a process's status")?.parse()?)
        };
        Ok(Self {
            anonymous_kib: number("RssAnon:")?,
            threads: number("Threads:")? as usize,
            fds: fs::read_dir(format!("/proc/{id}/fd"))?.count(),
        })
    }
}

/// How many tasks of this machine wanted a processor, on average over the last minute.
pub(super) fn load() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let first = text.split(' ').next().unwrap_or_default();
    first.parse().unwrap_or_default()
}
