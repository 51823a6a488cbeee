use crate::component::{LoadError, Role, UnknownInterface};

/// Parts that cannot be composed.
///
/// Every message begins with the part's name where one part is the cause, and
/// ends with what to change.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ComposeError {
    /// A part is no component, or cannot be read.
    #[error(transparent)]
    Part(#[from] LoadError),
    /// A part has more bytes than a composition takes.
    #[error(
        "{name}: has {size} bytes, and a part may have {limit}; raise the limit on the size of components, or build it without debug information"
    )]
    TooLarge {
        /// The part.
        name: String,
        /// Its size in bytes.
        size: u64,
        /// The most that a part may have, in bytes.
        limit: u64,
    },
    /// There is nothing to connect.
    #[error("there is nothing to connect; name a guest first and a provider last")]
    TooFew,
    /// The first part does not record anything.
    #[error(
        "{name}: records no metrics, since it does not import `solti:metrics/backend`; name a guest that does, or run it as it is"
    )]
    RecordsNothing {
        /// The part.
        name: String,
    },
    /// A part stands where another kind belongs.
    #[error(
        "{name}: is {}, and stands where {} belongs; name the guest first, the provider last, and middlewares between",
        role.described(), place(*expected)
    )]
    Misplaced {
        /// The part.
        name: String,
        /// What it is.
        role: Role,
        /// What belongs in its place.
        expected: Role,
    },
    /// A part imports an interface that is not in this version of the package.
    #[error("{name}: {unknown}")]
    MetricsInterface {
        /// The part.
        name: String,
        /// Which interface, and those that there are.
        unknown: UnknownInterface,
    },
    /// A part was built against another version of the package.
    #[error(
        "{name}: has `{interface}`, and parts are connected by solti:metrics/backend@{}; build it against that version",
        crate::WIT_VERSION
    )]
    MetricsVersion {
        /// The part.
        name: String,
        /// The interface as the part names it.
        interface: String,
    },
    /// A part has an interface with the right name and other types.
    #[error(
        "{name}: has `{interface}` with other types: {reason}; build it against the WIT files of this version (`solti-metrics wit` writes them)"
    )]
    WrongTypes {
        /// The part.
        name: String,
        /// The interface as the part names it.
        interface: String,
        /// What differs.
        reason: String,
    },
    /// Two neighbours do not agree on what `backend` is.
    #[error(
        "{importer}: does not fit {exporter}, which exports `{interface}` with other types: {reason}; build both against the WIT files of this version (`solti-metrics wit` writes them)"
    )]
    Mismatch {
        /// The part that records or forwards.
        importer: String,
        /// The part that receives.
        exporter: String,
        /// The interface as the exporter names it.
        interface: String,
        /// What differs.
        reason: String,
    },
    /// The composition would have two of the same name.
    #[error("{name}: exports `{interface}`, and {other} does too; build one of them without")]
    ExportedTwice {
        /// The guest.
        name: String,
        /// The other part.
        other: String,
        /// The interface as the guest names it.
        interface: String,
    },
    /// Two parts want something of one name, and not the same thing.
    #[error(
        "{name} and {other}: import `{import}` with different types: {reason}; build both against the same version of it"
    )]
    ImportConflict {
        /// One part.
        name: String,
        /// The other part.
        other: String,
        /// The import.
        import: String,
        /// What differs.
        reason: String,
    },
    /// The parts are valid, and yet the library that composes cannot.
    #[error(
        "cannot be composed: {reason}; build the parts so that they import and export only interfaces and functions"
    )]
    Unsupported {
        /// What is in the way.
        reason: String,
    },
}

const fn place(expected: Role) -> &'static str {
    match expected {
        Role::Guest => "the guest",
        Role::Provider => "the provider",
        Role::Middleware => "a middleware",
        Role::None => "nothing",
    }
}
