//! A queue for the slots of one task.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

/// The slots of one task. Waiting runs get the first free slot, in the order of their
/// arrival.
pub(super) struct FreeSlots {
    free: Semaphore,
    taken: Box<[AtomicBool]>,
}

/// A slot, occupied until this value is dropped.
pub(super) struct Slot<'a> {
    /// Index of the slot, from 0.
    pub(super) index: usize,
    taken: &'a AtomicBool,
    _free: SemaphorePermit<'a>,
}

impl FreeSlots {
    pub(super) fn new(count: usize) -> Self {
        Self {
            free: Semaphore::new(count),
            taken: (0..count).map(|_| AtomicBool::new(false)).collect(),
        }
    }

    /// Waits for a slot. `None` if there never will be one.
    pub(super) async fn take(&self) -> Option<Slot<'_>> {
        let free = self.free.acquire().await.ok()?;
        let mut slots = self.taken.iter().enumerate();
        let (index, taken) = slots.find(|(_, taken)| !taken.swap(true, Ordering::AcqRel))?;
        Some(Slot {
            index,
            taken,
            _free: free,
        })
    }
}

impl Drop for Slot<'_> {
    /// Marks the slot as free before the permit returns: fields drop after this.
    fn drop(&mut self) {
        self.taken.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn now<T>(future: std::pin::Pin<&mut impl Future<Output = Option<T>>>) -> Option<T> {
        match future.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(found) => found,
            Poll::Pending => None,
        }
    }

    #[test]
    fn a_waiting_run_gets_the_first_free_slot() {
        let slots = FreeSlots::new(2);
        let long = now(pin!(slots.take()));
        let short = now(pin!(slots.take()));
        assert_eq!(slots.free.available_permits(), 0);
        let (mut third, mut fourth) = (pin!(slots.take()), pin!(slots.take()));
        assert!(now(third.as_mut()).is_none());
        assert!(now(fourth.as_mut()).is_none());
        drop(short);
        let third = now(third.as_mut());
        assert_eq!(third.as_ref().map(|slot| slot.index), Some(1));
        drop(third);
        // The run in slot 0 is still running.
        let fourth = now(fourth.as_mut());
        assert_eq!(fourth.map(|slot| slot.index), Some(1));
        assert_eq!(long.map(|slot| slot.index), Some(0));
        assert_eq!(slots.free.available_permits(), 2);
    }
}
