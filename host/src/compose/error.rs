//! Errors of a composition.

use crate::component::{LoadError, Role, UnknownInterface};

/// Parts that cannot be composed.
///
/// Messages start with the part's name if one part is the cause, and end with the fix.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ComposeError {
    /// A part is not a component, or cannot be read.
    #[error(transparent)]
    Part(#[from] LoadError),
    /// A part exceeds the maximum size.
    #[error(
        "{name}: the component has {size} bytes, and the limit is {limit}; raise the limit on the size of components, or build it without debug information"
    )]
    TooLarge {
        /// Name of the part.
        name: String,
        /// Size in bytes.
        size: u64,
        /// Maximum size of a part, in bytes.
        limit: u64,
    },
    /// A composition needs at least two parts.
    #[error("a composition needs at least two components; name a guest first and a provider last")]
    TooFew,
    /// The first part does not record metrics.
    #[error(
        "{name}: is not a guest that records metrics: it does not import `solti:metrics/backend`; name another guest, or run it without composition"
    )]
    RecordsNothing {
        /// Name of the part.
        name: String,
    },
    /// A part is at the position of another kind.
    #[error(
        "{name}: is {}, and {} is expected at this position; name the guest first, then middlewares, and the provider last",
        role.described(), position(*expected)
    )]
    Misplaced {
        /// Name of the part.
        name: String,
        /// Role of the part.
        role: Role,
        /// Role that is expected at its position.
        expected: Role,
    },
    /// A part imports an interface that is not in this version of the package.
    #[error("{name}: {unknown}")]
    MetricsInterface {
        /// Name of the part.
        name: String,
        /// The interface, and the interfaces that exist.
        unknown: UnknownInterface,
    },
    /// A part was built against another version of the package.
    #[error(
        "{name}: has `{interface}`, and a composition connects components by solti:metrics/backend@{}; build the component against that version",
        crate::WIT_VERSION
    )]
    MetricsVersion {
        /// Name of the part.
        name: String,
        /// Name of the interface in the part.
        interface: String,
    },
    /// A part has an interface with the right name and other types.
    #[error(
        "{name}: has `{interface}` with other types: {reason}; build the component against the WIT files of this version"
    )]
    WrongTypes {
        /// Name of the part.
        name: String,
        /// Name of the interface in the part.
        interface: String,
        /// Difference of the types.
        reason: String,
    },
    /// Two neighbors have different types for `backend`.
    #[error(
        "{importer}: does not match {exporter}, which exports `{interface}` with other types: {reason}; build both against the WIT files of this version"
    )]
    Mismatch {
        /// Name of the part that records or forwards.
        importer: String,
        /// Name of the part that receives.
        exporter: String,
        /// Name of the interface in the exporter.
        interface: String,
        /// Difference of the types.
        reason: String,
    },
    /// The composition would export two interfaces of the same name.
    #[error("{name} and {other} both export `{interface}`; build one of them without it")]
    ExportedTwice {
        /// Name of the guest.
        name: String,
        /// Name of the other part.
        other: String,
        /// Name of the interface in the guest.
        interface: String,
    },
    /// Two parts import the same name with different types.
    #[error(
        "{name} and {other}: import `{import}` with different types: {reason}; build both against the same version of the interface"
    )]
    ImportConflict {
        /// Name of one part.
        name: String,
        /// Name of the other part.
        other: String,
        /// Name of the import.
        import: String,
        /// Difference of the types.
        reason: String,
    },
    /// The parts are valid, but the library cannot compose them.
    #[error(
        "cannot compose the components: {reason}; build the components so that they import and export only interfaces and functions"
    )]
    Unsupported {
        /// Cause.
        reason: String,
    },
}

const fn position(expected: Role) -> &'static str {
    match expected {
        Role::Guest => "the guest",
        Role::Provider => "the provider",
        Role::Middleware => "a middleware",
        Role::None => "nothing",
    }
}
