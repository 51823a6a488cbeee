use std::pin::pin;
use std::sync::Arc;

use hyper::body::Bytes;

use super::Hits;
use super::places::Places;

/// The memory of pages: those that are shared, and those that clients have not read to
/// their end. What there is room for is bounded; the slowest readers make more.
#[derive(Debug)]
pub(super) struct Room {
    most: usize,
    places: Arc<Places>,
    hits: Arc<Hits>,
}

impl Room {
    pub(super) fn new(most: usize, places: Arc<Places>, hits: Arc<Hits>) -> Arc<Self> {
        Arc::new(Self { most, places, hits })
    }

    /// How large a page may be, in bytes: then there is room for the next one while
    /// everybody reads the last.
    pub(super) const fn largest(&self) -> usize {
        self.most / 2
    }

    /// The same bytes, which count until nobody holds them any more. Waits until there
    /// is room for them, which there is when all slower readers have lost their
    /// connections.
    pub(super) async fn keep(self: &Arc<Self>, bytes: Bytes) -> Bytes {
        while !self.hits.hold(bytes.len(), self.most) {
            let mut left = pin!(self.places.left().notified());
            // From here on, nothing that ends is missed.
            left.as_mut().enable();
            if self.hits.hold(bytes.len(), self.most) {
                break;
            }
            self.places.give_up_on_slowest_reader();
            left.await;
        }
        Bytes::from_owner(Held {
            bytes,
            room: Arc::clone(self),
        })
    }
}

/// Bytes that count.
struct Held {
    bytes: Bytes,
    room: Arc<Room>,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.room.hits.let_go(self.bytes.len());
        self.room.places.left().notify_waiters();
    }
}
