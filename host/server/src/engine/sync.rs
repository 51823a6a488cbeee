//! Primitives of the protocols between threads, which the models in `tests/models/` replace
//! with their own.

pub(super) use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};

pub(super) use parking_lot::Mutex;
pub(super) use tokio::sync::{Notify, Semaphore};
