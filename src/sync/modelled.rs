//! Atomics of the models: those of `loom`, with sequentially consistent accesses, and with
//! faults that a model has to find.
//!
//! `loom` treats a sequentially consistent access as an access that acquires and releases,
//! and only models more than that for a fence. Therefore the accesses here put a fence
//! between a sequentially consistent write and the next such read of the same thread. This is
//! the guarantee of their order for two accesses to different atomics. The fence is absent as
//! soon as one of both accesses has a weaker order.

use std::cell::Cell;
use std::panic::Location;

use loom::sync::atomic::{self, Ordering, fence};

/// A kind of access to an atomic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AtomicAccess {
    Load,
    Store,
    /// A read and a write at once.
    Update,
}

/// A deliberate fault of one kind of access, in one file.
#[derive(Debug, Clone, Copy)]
struct DeliberateFault {
    file: &'static str,
    access: AtomicAccess,
    /// The strongest ordering that the accesses have. `None` if an update is not atomic.
    ordering: Option<Ordering>,
}

thread_local! {
    /// The fault of the model that this thread checks: `loom` runs all threads of a model on
    /// one thread of the system.
    static FAULT: Cell<Option<DeliberateFault>> = const { Cell::new(None) };
}

loom::thread_local! {
    /// Whether this thread's last write was sequentially consistent.
    static WRITTEN: Cell<bool> = Cell::new(false);
}

/// Checks a model in which no such access in `file`, a part of a path, has a stronger
/// ordering than this one.
pub(crate) fn weakened(
    file: &'static str,
    access: AtomicAccess,
    to: Ordering,
    model: impl FnOnce(),
) {
    with_fault(file, access, Some(to), model);
}

/// Checks a model in which each update in `file`, a part of a path, is a load and a store.
pub(crate) fn torn(file: &'static str, model: impl FnOnce()) {
    with_fault(file, AtomicAccess::Update, None, model);
}

fn with_fault(
    file: &'static str,
    access: AtomicAccess,
    ordering: Option<Ordering>,
    model: impl FnOnce(),
) {
    /// The model that finds the fault panics.
    struct Repaired;

    impl Drop for Repaired {
        fn drop(&mut self) {
            FAULT.set(None);
        }
    }

    let _repaired = Repaired;
    FAULT.set(Some(DeliberateFault {
        file,
        access,
        ordering,
    }));
    model();
}

/// The fault of this access at the caller's place.
#[track_caller]
fn fault(access: AtomicAccess) -> Option<DeliberateFault> {
    let file = Location::caller().file();
    FAULT
        .get()
        .filter(|fault| fault.access == access && file.contains(fault.file))
}

#[track_caller]
fn ordering(access: AtomicAccess, given: Ordering) -> Ordering {
    let faulty = fault(access).and_then(|fault| fault.ordering);
    faulty
        .filter(|&faulty| strength(faulty) < strength(given))
        .unwrap_or(given)
}

fn strength(ordering: Ordering) -> u8 {
    match ordering {
        Ordering::Relaxed => 0,
        Ordering::Acquire | Ordering::Release => 1,
        Ordering::AcqRel => 2,
        _ => 3,
    }
}

/// Call this after a write.
pub(crate) fn wrote(order: Ordering) {
    WRITTEN.with(|written| written.set(order == Ordering::SeqCst));
}

/// Call this before a read.
pub(crate) fn reads(order: Ordering) {
    if order == Ordering::SeqCst && WRITTEN.with(Cell::take) {
        fence(Ordering::SeqCst);
    }
}

macro_rules! modelled {
    ($name:ident, $value:ty) => {
        #[derive(Debug, Default)]
        pub(crate) struct $name(atomic::$name);

        #[allow(dead_code, reason = "a protocol uses some of the functions")]
        impl $name {
            #[track_caller]
            pub(crate) fn new(value: $value) -> Self {
                Self(atomic::$name::new(value))
            }

            #[track_caller]
            pub(crate) fn load(&self, order: Ordering) -> $value {
                let order = ordering(AtomicAccess::Load, order);
                reads(order);
                self.0.load(order)
            }

            #[track_caller]
            pub(crate) fn store(&self, value: $value, order: Ordering) {
                let order = ordering(AtomicAccess::Store, order);
                self.0.store(value, order);
                wrote(order);
            }

            #[track_caller]
            pub(crate) fn swap(&self, value: $value, order: Ordering) -> $value {
                let whole = |order| self.0.swap(value, order);
                self.update(order, whole, |_| value)
            }

            #[track_caller]
            pub(crate) fn fetch_add(&self, more: $value, order: Ordering) -> $value {
                let whole = |order| self.0.fetch_add(more, order);
                self.update(order, whole, |before| before.wrapping_add(more))
            }

            #[track_caller]
            pub(crate) fn fetch_sub(&self, less: $value, order: Ordering) -> $value {
                let whole = |order| self.0.fetch_sub(less, order);
                self.update(order, whole, |before| before.wrapping_sub(less))
            }

            #[track_caller]
            pub(crate) fn fetch_max(&self, value: $value, order: Ordering) -> $value {
                let whole = |order| self.0.fetch_max(value, order);
                self.update(order, whole, |before| before.max(value))
            }

            #[track_caller]
            pub(crate) fn compare_exchange(
                &self,
                from: $value,
                to: $value,
                set: Ordering,
                fetch: Ordering,
            ) -> Result<$value, $value> {
                let set = ordering(AtomicAccess::Update, set);
                let exchanged = self.0.compare_exchange(from, to, set, fetch);
                if exchanged.is_ok() {
                    wrote(set);
                }
                exchanged
            }

            #[track_caller]
            pub(crate) fn fetch_update(
                &self,
                set: Ordering,
                fetch: Ordering,
                mut update: impl FnMut($value) -> Option<$value>,
            ) -> Result<$value, $value> {
                let torn =
                    fault(AtomicAccess::Update).is_some_and(|fault| fault.ordering.is_none());
                let set = ordering(AtomicAccess::Update, set);
                let before = if torn {
                    let before = self.0.load(fetch);
                    match update(before) {
                        Some(after) => self.0.store(after, Ordering::Relaxed),
                        None => return Err(before),
                    }
                    Ok(before)
                } else {
                    self.0.fetch_update(set, fetch, update)
                };
                if before.is_ok() {
                    wrote(set);
                }
                before
            }

            #[track_caller]
            fn update(
                &self,
                order: Ordering,
                whole: impl FnOnce(Ordering) -> $value,
                change: impl FnOnce($value) -> $value,
            ) -> $value {
                let torn =
                    fault(AtomicAccess::Update).is_some_and(|fault| fault.ordering.is_none());
                let order = ordering(AtomicAccess::Update, order);
                let before = if torn {
                    let before = self.0.load(Ordering::Relaxed);
                    self.0.store(change(before), Ordering::Relaxed);
                    before
                } else {
                    whole(order)
                };
                wrote(order);
                before
            }
        }
    };
}

modelled!(AtomicU8, u8);
modelled!(AtomicU64, u64);
modelled!(AtomicUsize, usize);
