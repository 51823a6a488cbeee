//! The memory, threads and descriptors of this process.

use std::fs;

use anyhow::{Context, Result, ensure};

use crate::target::Limits;

/// Use of resources at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// Peak of the resident memory, in bytes.
    pub memory: u64,
    /// Number of threads.
    pub threads: u64,
    /// Number of open descriptors.
    pub descriptors: u64,
}

impl Usage {
    /// Reads the use of this process.
    ///
    /// # Errors
    ///
    /// When `/proc` cannot be read.
    pub fn read() -> Result<Self> {
        let status = fs::read_to_string("/proc/self/status")?;
        let field = |name: &str| -> Result<u64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|line| line.split_whitespace().next());
            number.context("no field")?.parse().context(name.to_owned())
        };
        Ok(Self {
            memory: field("VmHWM:")? * 1024,
            threads: field("Threads:")?,
            // The folder that is being read is one of them.
            descriptors: fs::read_dir("/proc/self/fd")?.count() as u64 - 1,
        })
    }

    /// Checks the use against the limits of a target.
    ///
    /// # Errors
    ///
    /// When a limit is exceeded.
    pub fn is_within(self, limits: &Limits) -> Result<()> {
        let Self {
            memory,
            threads,
            descriptors,
        } = self;
        ensure!(
            memory <= limits.memory,
            "the process took {memory} bytes of memory, and the limit is {}",
            limits.memory
        );
        ensure!(
            threads <= limits.threads,
            "the process has {threads} threads, and the limit is {}",
            limits.threads
        );
        ensure!(
            descriptors <= limits.descriptors,
            "the process has {descriptors} open descriptors, and the limit is {}",
            limits.descriptors
        );
        Ok(())
    }
}
