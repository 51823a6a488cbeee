//! Cost of a component's instances in the host, in addition to linear memories and table elements:
//! an upper bound, from the component's bytes alone.
//!
//! wasmtime's `ResourceLimiter` is asked for memories and tables, and not for instance data: 16
//! bytes of each global, 32 of each function that is imported or referred to, and so on, for each
//! instance. Instantiation is static in the component model, so the [walk](walk) follows it without
//! running any code. The sizes are those of `wasmtime-environ` 48.0.8: [of a core module's
//! instance](module), `VMOffsets` in its `vmoffsets.rs`; of the component's own,
//! `VMComponentOffsets` in its `component/vmcomponent_offsets.rs`. A test compares them with what
//! wasmtime allocates (`tests/tests/allocations/main.rs`).

mod definitions;
mod module;
mod steps;
mod walk;

use wasmparser::BinaryReaderError;

/// Maximum number of steps to instantiate a component.
pub(crate) const MOST_STEPS: u32 = 1 << 18;

/// Reason why a component has no bound.
#[derive(Debug)]
pub(crate) enum NoBound {
    /// The bytes are not a component.
    Invalid(BinaryReaderError),
    /// The components instantiate each other more often than the walk follows.
    TooManySteps,
}

impl From<BinaryReaderError> for NoBound {
    fn from(error: BinaryReaderError) -> Self {
        Self::Invalid(error)
    }
}

type Result<T = ()> = std::result::Result<T, NoBound>;

/// Maximum bytes of the data of all instances, in one instantiation.
pub(crate) fn bound(component: &[u8]) -> Result<u64> {
    walk::bytes(&definitions::read(component)?)
}

#[cfg(test)]
mod tests;
