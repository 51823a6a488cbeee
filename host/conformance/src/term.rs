//! Words of a report that depend on its reader.

use solti_metrics_host::component::NetworkGrant;
use solti_metrics_host::limits::Limit;

/// A word of a report that depends on how the test was asked for.
///
/// A report says what its reader can change. In Rust, that is a method of
/// [`ComponentTest`](crate::ComponentTest) or a field; a program with a user interface of
/// its own gives its words to [`ComponentTest::terms`](crate::ComponentTest::terms).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Term {
    /// What a provider or a middleware is granted.
    Grants,
    /// What a provider or a middleware is granted of the network.
    Network(NetworkGrant),
    /// The limit on memory.
    Memory,
    /// Any other limit.
    Limit(Limit),
    /// How long a call, or a run of a guest, may take.
    Timeout,
    /// How long a vector may take.
    Budget,
    /// That records of a guest need not pair.
    AllowUnpaired,
    /// Everything that a guest can be given to read.
    Input,
    /// What explains why a component cannot be loaded.
    Inspection,
}

impl Term {
    /// The term in Rust.
    #[must_use]
    pub const fn in_rust(self) -> &'static str {
        match self {
            Self::Grants => "`grants`",
            Self::Network(NetworkGrant::Socket) => "`Grants::tcp` or `Grants::udp`",
            Self::Network(NetworkGrant::Http) => "`Grants::http`",
            Self::Network(_) => "`Grants`",
            Self::Memory | Self::Limit(Limit::Memory) => "`Limits::memory`",
            Self::Limit(limit) => match limit {
                Limit::TableElements => "`Limits::table_elements`",
                Limit::Stack => "`stack`",
                Limit::HostCallFuel => "`Limits::host_call_fuel`",
                Limit::Handles => "`Limits::handles`",
                Limit::Descriptors => "`Limits::descriptors`",
                Limit::Streams => "`Limits::streams`",
                Limit::Random => "`Limits::random`",
                Limit::Memories => "`Limits::memories`",
                Limit::Tables => "`Limits::tables`",
                Limit::Instances => "`Limits::instances`",
                _ => "that limit",
            },
            Self::Timeout => "`timeout`",
            Self::Budget => "`budget`",
            Self::AllowUnpaired => "`allow_unpaired`",
            Self::Input => "`arg`, `stdin`, `dir` or `env`",
            Self::Inspection => "`Inspection::of`",
        }
    }
}
