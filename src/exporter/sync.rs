//! The atomics of the queue's protocol, which the models replace with their own.

#[cfg(not(all(test, loom)))]
pub(super) use {
    atomic_waker::AtomicWaker,
    crossbeam_queue::ArrayQueue,
    std::sync::atomic::{AtomicU8, Ordering},
};

#[cfg(all(test, loom))]
pub(super) use {
    super::modelled::{ArrayQueue, AtomicWaker},
    crate::sync::{Ordering, modelled::AtomicU8},
};
