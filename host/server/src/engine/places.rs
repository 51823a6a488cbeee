//! A queue for the places in which runs of one task can be.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

/// The places in which runs of one task can be. Who waits for one gets whichever is
/// free first, in the order in which they came.
pub(super) struct Places {
    free: Semaphore,
    taken: Box<[AtomicBool]>,
}

/// A place, until it is dropped.
pub(super) struct Place<'a> {
    /// Which one, from 0.
    pub(super) lane: usize,
    taken: &'a AtomicBool,
    _free: SemaphorePermit<'a>,
}

impl Places {
    pub(super) fn new(count: usize) -> Self {
        Self {
            free: Semaphore::new(count),
            taken: (0..count).map(|_| AtomicBool::new(false)).collect(),
        }
    }

    /// Waits for a place. `None` if there never will be one.
    pub(super) async fn take(&self) -> Option<Place<'_>> {
        let free = self.free.acquire().await.ok()?;
        let mut lanes = self.taken.iter().enumerate();
        let (lane, taken) = lanes.find(|(_, taken)| !taken.swap(true, Ordering::AcqRel))?;
        Some(Place {
            lane,
            taken,
            _free: free,
        })
    }
}

impl Drop for Place<'_> {
    /// Before the permit goes back, which is dropped after this.
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
    fn who_waits_gets_whichever_place_is_free_first() {
        let places = Places::new(2);
        let long = now(pin!(places.take()));
        let short = now(pin!(places.take()));
        assert_eq!(places.free.available_permits(), 0);
        let (mut third, mut fourth) = (pin!(places.take()), pin!(places.take()));
        assert!(now(third.as_mut()).is_none());
        assert!(now(fourth.as_mut()).is_none());
        drop(short);
        let third = now(third.as_mut());
        assert_eq!(third.as_ref().map(|place| place.lane), Some(1));
        drop(third);
        // Though the first one still goes on.
        let fourth = now(fourth.as_mut());
        assert_eq!(fourth.map(|place| place.lane), Some(1));
        assert_eq!(long.map(|place| place.lane), Some(0));
        assert_eq!(places.free.available_permits(), 2);
    }
}
