use std::fs;

use anyhow::{Context, Result};

/// Figures of the kernel about a process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Process {
    /// Resident memory that belongs to no file, in KiB.
    pub(super) anonymous_kib: f64,
    /// Number of threads.
    pub(super) threads: usize,
    /// Number of open files and sockets.
    pub(super) fds: usize,
}

impl Process {
    /// Reads the figures of the process with this id.
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

/// Average number of tasks that wanted a processor in the last minute, on this machine.
pub(super) fn load() -> f64 {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let first = text.split(' ').next().unwrap_or_default();
    first.parse().unwrap_or_default()
}
