//! Errors of components for the inline recording mode.

use crate::component::LoadError;

/// A component that cannot be compiled for the inline recording mode.
///
/// Every message starts with the component's name, and ends with the fix.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InlineError {
    /// The bytes are not a component that wasmtime can compile on this engine, exceed a limit, or
    /// were built against another version of the metrics.
    #[error(transparent)]
    Component(#[from] LoadError),
    /// The component imports a name that is reserved for the shim.
    #[error(
        "{name}: imports `{import}`, which is reserved for the host; build the component without it"
    )]
    Reserved {
        /// Name of the component.
        name: String,
        /// Name of the import in the component.
        import: String,
    },
    /// The component is valid, but cannot be composed with the shim. It can record in the direct
    /// mode, in the same store.
    #[error(
        "{name}: cannot be composed with the shim: {reason}; compile it with `Component::from_binary`, and define its imports with `solti_metrics_host::add_to_linker`"
    )]
    NotComposed {
        /// Name of the component.
        name: String,
        /// Cause.
        reason: String,
    },
}
