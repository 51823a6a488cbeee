//! Atomics, a queue and a waker with the orderings that `loom` does not model, for
//! `models.rs`.
//!
//! `loom` treats a sequentially consistent access as an access that acquires and releases,
//! and only models more than that for a fence. Therefore the accesses here put a fence
//! between a sequentially consistent write and the next such read of the same thread. This is
//! the guarantee of their order for two accesses to different atomics. The fence is absent as
//! soon as one of both accesses has a weaker order.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use loom::sync::atomic::{self, AtomicUsize, Ordering, fence};

use crate::Event;

loom::thread_local! {
    /// Whether this thread's last write was sequentially consistent.
    static WRITTEN: Cell<bool> = Cell::new(false);
}

fn wrote(order: Ordering) {
    WRITTEN.with(|written| written.set(order == Ordering::SeqCst));
}

fn reads(order: Ordering) {
    if order == Ordering::SeqCst && WRITTEN.with(Cell::take) {
        fence(Ordering::SeqCst);
    }
}

/// `loom`'s waker, with the signature of the real one.
#[derive(Debug)]
pub(super) struct AtomicWaker(loom::future::AtomicWaker);

impl AtomicWaker {
    pub(super) fn new() -> Self {
        Self(loom::future::AtomicWaker::new())
    }

    pub(super) fn register(&self, waker: &Waker) {
        self.0.register_by_ref(waker);
    }

    pub(super) fn wake(&self) {
        self.0.wake();
    }
}

#[derive(Debug)]
pub(super) struct AtomicU8(atomic::AtomicU8);

impl AtomicU8 {
    pub(super) fn new(value: u8) -> Self {
        Self(atomic::AtomicU8::new(value))
    }

    pub(super) fn load(&self, order: Ordering) -> u8 {
        reads(order);
        self.0.load(order)
    }

    pub(super) fn store(&self, value: u8, order: Ordering) {
        self.0.store(value, order);
        wrote(order);
    }

    pub(super) fn swap(&self, value: u8, order: Ordering) -> u8 {
        let before = self.0.swap(value, order);
        wrote(order);
        before
    }

    pub(super) fn fetch_max(&self, value: u8, order: Ordering) -> u8 {
        let before = self.0.fetch_max(value, order);
        wrote(order);
        before
    }

    pub(super) fn fetch_update(
        &self,
        set: Ordering,
        fetch: Ordering,
        update: impl FnMut(u8) -> Option<u8>,
    ) -> Result<u8, u8> {
        let before = self.0.fetch_update(set, fetch, update);
        wrote(set);
        before
    }
}

/// `crossbeam`'s queue, reduced to the accesses that decide. A push takes effect with an
/// exchange of the tail, a pop with an exchange of the head, and both are sequentially
/// consistent. The models do not check that values arrive whole: that is `crossbeam`'s
/// contract.
#[derive(Debug)]
pub(super) struct ArrayQueue {
    head: AtomicUsize,
    tail: AtomicUsize,
    capacity: usize,
    /// The models do not see this lock: no modelled access happens while it is locked.
    values: Mutex<VecDeque<Event>>,
}

impl ArrayQueue {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            head: AtomicUsize::new(0),
            tail: AtomicUsize::new(0),
            capacity,
            values: Mutex::default(),
        }
    }

    pub(super) fn push(&self, event: Event) -> Result<(), Event> {
        loop {
            let tail = self.tail.load(Ordering::Relaxed);
            if tail - self.head.load(Ordering::Acquire).min(tail) >= self.capacity {
                return Err(event);
            }
            if exchange(&self.tail, tail) {
                self.values().push_back(event);
                return Ok(());
            }
        }
    }

    pub(super) fn pop(&self) -> Option<Event> {
        loop {
            let head = self.head.load(Ordering::Relaxed);
            fence(Ordering::SeqCst);
            if self.tail.load(Ordering::Relaxed) <= head {
                return None;
            }
            if exchange(&self.head, head) {
                return self.values().pop_front();
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn len(&self) -> usize {
        reads(Ordering::SeqCst);
        let (tail, head) = (
            self.tail.load(Ordering::Acquire),
            self.head.load(Ordering::Acquire),
        );
        tail.saturating_sub(head)
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    fn values(&self) -> MutexGuard<'_, VecDeque<Event>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn exchange(end: &AtomicUsize, from: usize) -> bool {
    let exchanged = end.compare_exchange(from, from + 1, Ordering::SeqCst, Ordering::Relaxed);
    if exchanged.is_ok() {
        wrote(Ordering::SeqCst);
    }
    exchanged.is_ok()
}
