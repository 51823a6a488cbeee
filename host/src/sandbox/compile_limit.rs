use std::fmt;
use std::time::Duration;

/// A limit on compiling that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CompileLimit {
    /// Bytes of address space of the compiling process.
    Memory(u64),
    /// Its processor time.
    Cpu(Duration),
    /// How long it may take.
    Wall(Duration),
    /// Bytes of code that may come of it.
    Code(u64),
}

impl fmt::Display for CompileLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory(bytes) => write!(f, "{bytes} bytes of memory"),
            Self::Cpu(time) => write!(f, "{time:?} of processor time"),
            Self::Wall(time) => write!(f, "{time:?}"),
            Self::Code(bytes) => write!(f, "{bytes} bytes of code"),
        }
    }
}
