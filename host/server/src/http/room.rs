use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;

use hyper::body::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::Hits;
use super::places::Places;

/// The memory of pages: those that are shared, and those that clients have not read to
/// their end. What there is room for is bounded; the slowest readers make more.
#[derive(Debug)]
pub(super) struct Room {
    most: usize,
    places: Arc<Places>,
    hits: Arc<Hits>,
    pages: Mutex<Pages>,
    /// Told when there is more room, and when a page is read that nobody read.
    changed: Notify,
}

#[derive(Debug, Default)]
struct Pages {
    next: u64,
    held: BTreeMap<u64, Held>,
}

/// A page that takes room.
#[derive(Debug)]
struct Held {
    bytes: usize,
    readers: usize,
}

/// Why a page cannot be kept yet.
enum NoRoom {
    /// There is enough of what nobody reads: it is free as soon as whoever made or read
    /// it has let go of it.
    SoonFree,
    /// Others read it.
    Read,
}

impl Room {
    pub(super) fn new(most: usize, places: Arc<Places>, hits: Arc<Hits>) -> Arc<Self> {
        Arc::new(Self {
            most,
            places,
            hits,
            pages: Mutex::default(),
            changed: Notify::new(),
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
    pub(super) async fn keep(self: &Arc<Self>, bytes: Bytes) -> Kept {
        loop {
            let mut changed = pin!(self.changed.notified());
            // From here on, nothing is missed.
            changed.as_mut().enable();
            match self.try_hold(bytes.len()) {
                Ok(number) => return Kept::new(bytes, number, self),
                Err(NoRoom::Read) if self.places.give_up_on_slowest_reader() => {}
                Err(NoRoom::Read | NoRoom::SoonFree) => changed.await,
            }
        }
    }

    fn try_hold(&self, bytes: usize) -> Result<u64, NoRoom> {
        let mut pages = self.pages.lock();
        let (mut held, mut read) = (0, 0);
        for page in pages.held.values() {
            held += page.bytes;
            read += if page.readers > 0 { page.bytes } else { 0 };
        }
        if bytes > self.most.saturating_sub(read) {
            return Err(NoRoom::Read);
        }
        if bytes > self.most.saturating_sub(held) {
            return Err(NoRoom::SoonFree);
        }
        let number = pages.next;
        pages.next += 1;
        pages.held.insert(number, Held { bytes, readers: 0 });
        self.hits.hold(bytes);
        Ok(number)
    }

    fn change(&self, number: u64, change: impl FnOnce(&mut Held)) {
        self.pages.lock().held.get_mut(&number).map(change);
        self.changed.notify_waiters();
    }
}

/// A page that takes room.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) bytes: Bytes,
    number: u64,
    room: Arc<Room>,
}

impl Kept {
    fn new(bytes: Bytes, number: u64, room: &Arc<Room>) -> Self {
        let counted = Counted {
            bytes,
            number,
            room: Arc::clone(room),
        };
        Self {
            bytes: Bytes::from_owner(counted),
            number,
            room: Arc::clone(room),
        }
    }

    /// Somebody reads it.
    pub(super) fn reader(&self) -> Reader {
        self.room.change(self.number, |page| page.readers += 1);
        Reader {
            number: self.number,
            room: Arc::clone(&self.room),
        }
    }
}

/// One who reads a page, until it is dropped.
#[derive(Debug)]
pub(super) struct Reader {
    number: u64,
    room: Arc<Room>,
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.room.change(self.number, |page| page.readers -= 1);
    }
}

/// Bytes that count.
struct Counted {
    bytes: Bytes,
    number: u64,
    room: Arc<Room>,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.room.hits.let_go(self.bytes.len());
        self.room.pages.lock().held.remove(&self.number);
        self.room.changed.notify_waiters();
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
                let place = places.take(&pulse).expect("there are places");
                pulse.answered(Some(page.reader()));
                readers.push((page.bytes.clone(), place));
            }
        }
        // It takes no room, so that it leaves would make none.
        let bystander = Arc::new(Pulse::new());
        let place = places.take(&bystander).expect("there are places");
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
