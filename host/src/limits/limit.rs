//! Names of limits.

use std::fmt;

/// A limit that stopped a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Limit {
    /// [`Limits::memory`](super::Limits::memory).
    Memory,
    /// [`Limits::table_elements`](super::Limits::table_elements).
    TableElements,
    /// The stack. The builder of a runner sets it; a provider has 512 KiB.
    Stack,
    /// [`Limits::host_call_data`](super::Limits::host_call_data).
    HostCallData,
    /// [`Limits::handles`](super::Limits::handles).
    Handles,
    /// [`Limits::descriptors`](super::Limits::descriptors), or the limit of the process for all
    /// guests.
    Descriptors,
    /// [`Limits::streams`](super::Limits::streams).
    Streams,
    /// [`Limits::random`](super::Limits::random).
    Random,
    /// [`Limits::memories`](super::Limits::memories).
    Memories,
    /// [`Limits::tables`](super::Limits::tables).
    Tables,
    /// [`Limits::instances`](super::Limits::instances).
    Instances,
}

impl Limit {
    /// Every limit that can stop a task.
    pub const ALL: [Self; 11] = [
        Self::Memory,
        Self::TableElements,
        Self::Stack,
        Self::HostCallData,
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
            Self::HostCallData => "host_call_data",
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
