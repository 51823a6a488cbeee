//! Terms of a report that depend on its reader.

use solti_metrics_host::component::NetworkGrant;
use solti_metrics_host::limits::Limit;

/// A term for a setting of the test.
///
/// A report tells its reader which setting to change. In Rust, a setting is a method of
/// [`ComponentTest`](crate::ComponentTest) or a field. A program with its own user
/// interface sets its terms with [`ComponentTest::terms`](crate::ComponentTest::terms).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Term {
    /// Grants of a provider or a middleware.
    Grants,
    /// Network grants of a provider or a middleware.
    Network(NetworkGrant),
    /// The limit on memory.
    Memory,
    /// Any other limit.
    Limit(Limit),
    /// Maximum duration of a call, or of a run of a guest.
    Timeout,
    /// Time budget of a vector.
    Budget,
    /// Acceptance of unpaired records.
    AllowUnpaired,
    /// Arguments, standard input, directories and variables of a guest.
    Input,
    /// Tool that explains why a component cannot be loaded.
    Inspection,
}

impl Term {
    /// The term for users of the Rust API.
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
                Limit::HostCallData => "`Limits::host_call_data`",
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
