//! Atomics and locks of the protocols between threads, which the models replace with their
//! own.

#[cfg(all(test, loom))]
pub(crate) mod modelled;
#[cfg(all(test, loom))]
pub(crate) mod waiting;

#[cfg(not(all(test, loom)))]
pub(crate) use std::sync::{
    Mutex, MutexGuard, RwLock, RwLockReadGuard,
    atomic::{AtomicU64, Ordering},
};

#[cfg(all(test, loom))]
pub(crate) use {
    loom::sync::{Mutex, MutexGuard, RwLock, RwLockReadGuard},
    modelled::AtomicU64,
    std::sync::atomic::Ordering,
};
