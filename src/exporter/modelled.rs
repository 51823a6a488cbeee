//! A queue and a waker for `models.rs`.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use loom::sync::atomic::{AtomicUsize, Ordering, fence};

use crate::Event;
use crate::sync::modelled::{reads, wrote};

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
            // `crossbeam` acquires the value in this way with the stamp of its slot.
            if self.tail.load(Ordering::Acquire) <= head {
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
