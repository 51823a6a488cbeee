//! What the instances of a component cost the host, beside their linear memories and the
//! elements of their tables: an upper bound, from the component's bytes alone.
//!
//! wasmtime's `ResourceLimiter` is asked for memories and tables, and not for this: for
//! 16 bytes of each global, 32 of each function that is imported or referred to, and so
//! on, for each instance. Instantiation is static in the component model, so it can be
//! [followed](walk) without running anything. The sizes are those of
//! `wasmtime-environ` 48.0.8: [of a core module's instance](module), `VMOffsets` in its
//! `vmoffsets.rs`; of the component's own, `VMComponentOffsets` in its
//! `component/vmcomponent_offsets.rs`. A test compares them with what wasmtime allocates
//! (`tests/tests/allocations/main.rs`).

mod definitions;
mod module;
mod steps;
mod walk;

use wasmparser::BinaryReaderError;

/// A component that takes more than this to be instantiated is refused.
pub(crate) const MOST_STEPS: u32 = 1 << 18;

/// Why there is no bound.
#[derive(Debug)]
pub(crate) enum NoBound {
    /// The bytes are no component.
    Invalid(BinaryReaderError),
    /// Its components instantiate each other more often than is followed.
    TooManySteps,
}

impl From<BinaryReaderError> for NoBound {
    fn from(error: BinaryReaderError) -> Self {
        Self::Invalid(error)
    }
}

type Result<T = ()> = std::result::Result<T, NoBound>;

/// Bytes that the data of all instances takes at most, in one instantiation.
pub(crate) fn bound(component: &[u8]) -> Result<u64> {
    walk::bytes(&definitions::read(component)?)
}

#[cfg(test)]
mod tests;
