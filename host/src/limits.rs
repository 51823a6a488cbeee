//! Limits on the resources of a component, and the errors of components that reach one.

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

/// Limits of one task, or of one instance of a provider. All sizes are sums over the whole
/// component.
///
/// The defaults suffice for guests with an interpreter: Python asks for 197 pages of memory and
/// 4,674 table elements, StarlingMonkey for 7,690.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Maximum bytes of memory: all linear memories together, the elements of all tables (8 bytes
    /// each), and the [data of all instances](crate::component::Inspection::instance_data), which
    /// is counted before the first instance is made. Default: 256 MiB.
    pub memory: usize,
    /// Maximum elements of all tables together. Default: 20,000.
    pub table_elements: usize,
    /// Maximum number of linear memories. Default: 16.
    pub memories: usize,
    /// Maximum number of tables. Default: 64.
    pub tables: usize,
    /// Maximum number of core instances. Default: 1,000.
    pub instances: usize,
    /// Maximum bytes that a single call may make the host copy out of the guest. Default: 64 KiB.
    pub host_call_data: usize,
    /// Maximum number of open resources (files, streams, pollables), and maximum number of handles
    /// of any kind. Handles are those resources and the component's own, and with component-model
    /// async also streams, futures and calls that wait. Default: 1,000.
    pub handles: usize,
    /// Maximum number of open descriptors: one for each granted directory, file, and socket, and
    /// two for each directory listing. Default: 256.
    ///
    /// The limit on open files of a process, less a reserve, applies to all its guests and backends
    /// together; see `wasi::descriptor_use`.
    pub descriptors: usize,
    /// Maximum number of open streams of files and directory listings. The host may hold 64 KiB for
    /// each of them. Default: 256.
    pub streams: usize,
    /// Maximum bytes of randomness of a single call. Default: 4,096.
    pub random: u64,
    /// Maximum bytes forwarded from each of standard output and standard error; further output is
    /// truncated, and counted. Default: 16 MiB.
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
            host_call_data: 64 << 10,
            handles: 1_000,
            descriptors: 256,
            streams: 256,
            random: 4_096,
            output: 16 << 20,
        }
    }
}

impl Limits {
    /// The default limits.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the maximum bytes of memory.
    #[must_use]
    pub const fn memory(mut self, bytes: usize) -> Self {
        self.memory = bytes;
        self
    }

    /// Sets the maximum elements of all tables together.
    #[must_use]
    pub const fn table_elements(mut self, elements: usize) -> Self {
        self.table_elements = elements;
        self
    }

    /// Sets the maximum number of linear memories.
    #[must_use]
    pub const fn memories(mut self, number: usize) -> Self {
        self.memories = number;
        self
    }

    /// Sets the maximum number of tables.
    #[must_use]
    pub const fn tables(mut self, number: usize) -> Self {
        self.tables = number;
        self
    }

    /// Sets the maximum number of core instances.
    #[must_use]
    pub const fn instances(mut self, number: usize) -> Self {
        self.instances = number;
        self
    }

    /// Sets the maximum bytes that a single call may make the host copy.
    #[must_use]
    pub const fn host_call_data(mut self, bytes: usize) -> Self {
        self.host_call_data = bytes;
        self
    }

    /// Sets the maximum number of open handles.
    #[must_use]
    pub const fn handles(mut self, number: usize) -> Self {
        self.handles = number;
        self
    }

    /// Sets the maximum number of open descriptors.
    #[must_use]
    pub const fn descriptors(mut self, number: usize) -> Self {
        self.descriptors = number;
        self
    }

    /// Sets the maximum number of open streams of files and directory listings.
    #[must_use]
    pub const fn streams(mut self, number: usize) -> Self {
        self.streams = number;
        self
    }

    /// Sets the maximum bytes of randomness of a single call.
    #[must_use]
    pub const fn random(mut self, bytes: u64) -> Self {
        self.random = bytes;
        self
    }

    /// Sets the maximum bytes forwarded from each of standard output and standard error.
    #[must_use]
    pub const fn output(mut self, bytes: u64) -> Self {
        self.output = bytes;
        self
    }
}
