//! Primitives that `loom` models, in the place of `host/server/src/engine/sync.rs`.

pub(super) use std::sync::atomic::Ordering;

pub(super) use crate::modelled::{AtomicU8, AtomicU64, AtomicUsize};
pub(super) use crate::notify::Notify;
pub(super) use crate::semaphore::Semaphore;

/// A lock with the signature of `parking_lot`.
#[derive(Debug, Default)]
pub(super) struct Mutex<T>(loom::sync::Mutex<T>);

impl<T> Mutex<T> {
    #[allow(clippy::unwrap_used, reason = "a lock of `loom` is never poisoned")]
    pub(super) fn lock(&self) -> loom::sync::MutexGuard<'_, T> {
        self.0.lock().unwrap()
    }
}
