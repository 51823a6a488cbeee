//! Limits on compilation.

use std::fmt;
use std::time::Duration;

/// A limit on compilation that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CompileLimit {
    /// Bytes of address space of the process that compiles.
    Memory(u64),
    /// Processor time of the process that compiles.
    Cpu(Duration),
    /// Elapsed time.
    Wall(Duration),
    /// Bytes of code.
    Code(u64),
}

impl fmt::Display for CompileLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory(bytes) => write!(f, "{} of memory", MemorySize(*bytes)),
            Self::Cpu(time) => write!(f, "{time:?} of processor time"),
            Self::Wall(time) => write!(f, "{time:?}"),
            Self::Code(bytes) => write!(f, "{} of code", MemorySize(*bytes)),
        }
    }
}

impl CompileLimit {
    /// Fix that a message recommends.
    pub(crate) const fn advice(&self) -> &'static str {
        match self {
            Self::Code(_) => "make the component smaller, since this limit is fixed",
            _ => "check the source of the component, or raise this limit",
        }
    }
}

/// Shown in MiB if it is a whole number of them, as users usually set it.
struct MemorySize(u64);

impl fmt::Display for MemorySize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 >> 20, self.0 % (1 << 20)) {
            (mib @ 1.., 0) => write!(f, "{mib} MiB"),
            _ => write!(f, "{} bytes", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_shown_in_whole_mebibytes() {
        for (limit, text) in [
            (CompileLimit::Memory(1 << 30), "1024 MiB of memory"),
            (CompileLimit::Memory(1_000_000), "1000000 bytes of memory"),
            (CompileLimit::Code(1 << 20), "1 MiB of code"),
            (
                CompileLimit::Cpu(Duration::from_secs(2)),
                "2s of processor time",
            ),
            (CompileLimit::Wall(Duration::from_millis(1_500)), "1.5s"),
        ] {
            assert_eq!(limit.to_string(), text);
        }
    }
}
