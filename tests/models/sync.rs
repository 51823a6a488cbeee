//! Primitives that `loom` models, in the place of the files `sync.rs` of the server and the host.

pub(crate) use std::sync::atomic::Ordering;

pub(crate) use crate::modelled::{AtomicU8, AtomicU64, AtomicUsize};
pub(crate) use crate::notify::Notify;
pub(crate) use crate::semaphore::Semaphore;

/// A lock with the signature of `parking_lot`.
#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

impl<T> Mutex<T> {
    #[allow(clippy::unwrap_used, reason = "a lock of `loom` is never poisoned")]
    pub(crate) fn lock(&self) -> loom::sync::MutexGuard<'_, T> {
        self.0.lock().unwrap()
    }
}
