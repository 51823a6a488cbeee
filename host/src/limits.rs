//! Limits on what a component may use, and what is said when it meets one.

mod compile_limit;
mod limit;
#[cfg(feature = "execution")]
mod limiter;
#[cfg(feature = "execution")]
mod trap;

pub use compile_limit::CompileLimit;
pub use limit::Limit;
#[cfg(feature = "execution")]
pub use trap::GuestTrap;

#[cfg(feature = "execution")]
pub(crate) use limiter::{Limiter, bound};
#[cfg(feature = "execution")]
pub(crate) use trap::limit_behind;

/// What one task, or one instance of a provider, may use. All sizes are sums over the
/// whole component.
///
/// The defaults let guests run that carry an interpreter with them: Python asks
/// for 197 pages of memory and 4,674 table elements, StarlingMonkey for 7,690.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of memory: all linear memories together, the elements of all tables (8 bytes
    /// each), and the [data of all instances](crate::component::Inspection::instance_data), which is
    /// counted before the first of them is made. Default: 256 MiB.
    pub memory: usize,
    /// Elements of all tables together. Default: 20,000.
    pub table_elements: usize,
    /// How many linear memories there may be. Default: 16.
    pub memories: usize,
    /// How many tables there may be. Default: 64.
    pub tables: usize,
    /// How many core instances there may be. Default: 1,000.
    pub instances: usize,
    /// Bytes that a single call may make the host copy out of the guest.
    /// Default: 64 KiB.
    pub host_call_fuel: usize,
    /// How many resources (files, streams, pollables) may be open at a time, and how many
    /// handles of any kind: those, the component's own resources, and with component-model
    /// async also streams, futures and calls that wait. Default: 1,000.
    pub handles: usize,
    /// How many descriptors may be open at a time: one for each directory that is
    /// granted, file, and socket, and two for each directory listing. Default: 256.
    ///
    /// All guests and backends of a process together have those that its limit on open
    /// files allows, less a reserve; see `wasi::descriptor_use`.
    pub descriptors: usize,
    /// How many streams of files and directory listings may be open at a time. The host
    /// may hold 64 KiB for each of them. Default: 256.
    pub streams: usize,
    /// Bytes of randomness that a single call may ask for. Default: 4,096.
    pub random: u64,
    /// Bytes that go on to each of standard output and standard error; what is
    /// printed beyond is truncated, and counted. Default: 16 MiB.
    pub output: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 256 << 20,
            table_elements: 20_000,
            memories: 16,
            tables: 64,
            instances: 1_000,
            host_call_fuel: 64 << 10,
            handles: 1_000,
            descriptors: 256,
            streams: 256,
            random: 4_096,
            output: 16 << 20,
        }
    }
}

impl Limits {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes of memory.
    #[must_use]
    pub const fn memory(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    /// Elements of all tables together.
    #[must_use]
    pub const fn table_elements(mut self, elements: usize) -> Self {
        self.table_elements = elements;
        self
    }

    /// Number of linear memories.
    #[must_use]
    pub const fn memories(mut self, number: usize) -> Self {
        self.memories = number;
        self
    }

    /// Number of tables.
    #[must_use]
    pub const fn tables(mut self, number: usize) -> Self {
        self.tables = number;
        self
    }

    /// Number of core instances.
    #[must_use]
    pub const fn instances(mut self, number: usize) -> Self {
        self.instances = number;
        self
    }

    /// Bytes that a single call may make the host copy.
    #[must_use]
    pub const fn host_call_fuel(mut self, bytes: usize) -> Self {
        self.host_call_fuel = bytes;
        self
    }

    /// Number of open handles.
    #[must_use]
    pub const fn handles(mut self, number: usize) -> Self {
        self.handles = number;
        self
    }

    /// Number of open descriptors.
    #[must_use]
    pub const fn descriptors(mut self, number: usize) -> Self {
        self.descriptors = number;
        self
    }

    /// Number of open streams of files and directory listings.
    #[must_use]
    pub const fn streams(mut self, number: usize) -> Self {
        self.streams = number;
        self
    }

    /// Bytes of randomness that a single call may ask for.
    #[must_use]
    pub const fn random(mut self, bytes: u64) -> Self {
        self.random = bytes;
        self
    }

    /// Bytes that go on to each of standard output and standard error.
    #[must_use]
    pub const fn output(mut self, bytes: u64) -> Self {
        self.output = bytes;
        self
    }
}
