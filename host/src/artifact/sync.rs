//! Atomics of the counters, which the models in `tests/models/` replace with their own.

pub(super) use std::sync::atomic::{AtomicU64, Ordering};
