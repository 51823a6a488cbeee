//! Number of inputs that a target checks to the end. An input that is rejected early checks less.

use std::sync::atomic::{AtomicU64, Ordering};

static COUNT: AtomicU64 = AtomicU64::new(0);

/// Counts an input that was accepted and checked to the end.
pub fn reached() {
    COUNT.fetch_add(1, Ordering::Relaxed);
}

/// Number of these inputs.
#[must_use]
pub fn count() -> u64 {
    COUNT.load(Ordering::Relaxed)
}
