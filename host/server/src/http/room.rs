//! Limits the memory of pages.

use std::pin::pin;
use std::sync::Arc;

use hyper::body::Bytes;

use super::Hits;
use super::held::{Held, Kept, NoRoom};
use super::places::Places;

/// The memory of pages: those that are shared, and those that clients have not read to
/// their end. What there is room for is bounded; the slowest readers make more.
#[derive(Debug)]
pub(super) struct Room {
    most: usize,
    places: Arc<Places>,
    held: Arc<Held>,
}

impl Room {
    pub(super) fn new(most: usize, places: Arc<Places>, hits: Arc<Hits>) -> Arc<Self> {
        Arc::new(Self {
            most,
            places,
            held: Held::new(most, hits),
        })
    }

    /// How large a page may be, in bytes: then there is room for the next one while
    /// everybody reads the last.
    pub(super) const fn largest(&self) -> usize {
        self.most / 2
    }

    /// The same bytes, which count until nobody holds them any more. Waits until there
    /// is room for them, for which slower readers lose their connections: no more of
    /// them than have to.
    pub(super) async fn keep(&self, bytes: Bytes) -> Kept {
        loop {
            let mut changed = pin!(self.held.changed());
            // From here on, nothing is missed.
            changed.as_mut().enable();
            match self.held.keep(&bytes) {
                Ok(kept) => return kept,
                Err(NoRoom::Read) if self.places.give_up_on_slowest_reader() => {}
                Err(NoRoom::Read | NoRoom::SoonFree) => changed.await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Poll;

    use super::*;
    use crate::http::Limits;
    use crate::http::pulse::Pulse;

    #[tokio::test]
    async fn no_more_readers_have_to_leave_than_make_room() {
        let hits = Arc::new(Hits::default());
        let places = Places::new(&Limits::default(), Arc::clone(&hits));
        let room = Room::new(8, Arc::clone(&places), Arc::clone(&hits));
        let mut readers = Vec::new();
        for _ in 0..2 {
            let page = room.keep(Bytes::from_static(b"page")).await;
            for _ in 0..2 {
                let pulse = Arc::new(Pulse::new());
                let place = places.take(&pulse);
                assert!(place.is_some(), "there are places");
                pulse.answered(Some(page.reader()));
                readers.push((page.bytes.clone(), place));
            }
        }
        // It takes no room, so that it leaves would make none.
        let bystander = Arc::new(Pulse::new());
        let place = places.take(&bystander);
        bystander.answered(None);

        let mut kept = pin!(room.keep(Bytes::from_static(b"next")));
        let mut poll = async || poll_fn(|cx| Poll::Ready(kept.as_mut().poll(cx))).await;
        for leaves in [place, readers.remove(0).1, readers.remove(0).1] {
            assert!(poll().await.is_pending());
            assert_eq!(hits.slow_readers(), 2, "both who read the first page");
            drop(leaves);
        }
        assert!(poll().await.is_ready());
        assert_eq!(hits.slow_readers(), 2);
    }
}
