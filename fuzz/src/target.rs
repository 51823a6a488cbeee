//! A fuzz target.

use std::time::Duration;

use anyhow::Result;

/// A fuzz target: a function of bytes, and its seeds and limits.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Name of the target, and of its file in `targets/`.
    pub name: &'static str,
    /// Runs one input. An error or a panic is a finding.
    pub run: fn(&[u8]) -> Result<()>,
    /// Folders of seeds, from the root of the project. All files in them and in their folders are
    /// seeds. `fuzz/seeds/<name>` always belongs to them.
    pub seeds: &'static [&'static str],
    /// Parts of inputs, which mutations insert.
    pub words: &'static [&'static str],
    /// Maximum size of an input, in bytes.
    pub longest: usize,
    /// Limits of the process.
    pub limits: Limits,
}

/// Limits of the process that runs a target, for all inputs together.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Maximum resident memory, in bytes.
    pub memory: u64,
    /// Maximum number of threads.
    pub threads: u64,
    /// Maximum number of open descriptors.
    pub descriptors: u64,
    /// Maximum time of one input. It only ends an input that hangs: it is far above the time of
    /// every other input.
    pub time: Duration,
}

impl Limits {
    /// Limits of a target that runs no component.
    pub const SMALL: Self = Self {
        memory: 256 << 20,
        threads: 16,
        descriptors: 64,
        time: Duration::from_secs(60),
    };

    /// Limits of a target that compiles and runs components.
    pub const WASM: Self = Self {
        memory: 1 << 30,
        threads: 64,
        descriptors: 256,
        time: Duration::from_secs(60),
    };
}
