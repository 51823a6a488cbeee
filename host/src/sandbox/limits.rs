use std::fmt;
use std::time::Duration;

/// What one task may use. All sizes are sums over the whole component.
///
/// The defaults let guests run that carry an interpreter with them: Python asks
/// for 197 pages of memory and 4,674 table elements, StarlingMonkey for 7,690.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// How long the task may take, set-up of the instance included. `None` for
    /// as long as it likes. Default: five minutes.
    pub deadline: Option<Duration>,
    /// Bytes of memory: all linear memories together, the elements of all tables (8 bytes
    /// each), and the [data of all instances](super::Inspection::instance_data), which is
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
    /// files allows, less a reserve; see [`descriptor_use`](crate::descriptor_use).
    pub descriptors: usize,
    /// How many streams of files and directory listings may be open at a time. The host
    /// may hold 64 KiB for each of them. Default: 256.
    pub streams: usize,
    /// Bytes of randomness that a single call may ask for. Default: 4,096.
    pub random: u64,
    /// Bytes that go on to each of standard output and standard error; what is
    /// printed beyond is swallowed, and counted. Default: 16 MiB.
    pub output: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            deadline: Some(Duration::from_secs(300)),
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

/// A limit that stopped a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Limit {
    /// [`Limits::memory`].
    Memory,
    /// [`Limits::table_elements`].
    TableElements,
    /// The stack. A runner has it from its builder; a provider has 512 KiB.
    Stack,
    /// [`Limits::host_call_fuel`].
    HostCallFuel,
    /// [`Limits::handles`].
    Handles,
    /// [`Limits::descriptors`], or the process has no more for its guests.
    Descriptors,
    /// [`Limits::streams`].
    Streams,
    /// [`Limits::random`].
    Random,
    /// [`Limits::memories`].
    Memories,
    /// [`Limits::tables`].
    Tables,
    /// [`Limits::instances`].
    Instances,
}

impl Limit {
    /// Every limit that can stop a task.
    pub const ALL: [Self; 11] = [
        Self::Memory,
        Self::TableElements,
        Self::Stack,
        Self::HostCallFuel,
        Self::Handles,
        Self::Descriptors,
        Self::Streams,
        Self::Random,
        Self::Memories,
        Self::Tables,
        Self::Instances,
    ];

    /// A short name, in snake case.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::TableElements => "table_elements",
            Self::Stack => "stack",
            Self::HostCallFuel => "host_call_fuel",
            Self::Handles => "handles",
            Self::Descriptors => "descriptors",
            Self::Streams => "streams",
            Self::Random => "random",
            Self::Memories => "memories",
            Self::Tables => "tables",
            Self::Instances => "instances",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_label())
    }
}
