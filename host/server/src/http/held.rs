//! Counts the memory of pages that clients are reading.

use std::collections::BTreeMap;
use std::sync::Arc;

use hyper::body::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use super::Hits;

/// Pages that take memory, each with how many read it.
#[derive(Debug)]
pub(super) struct Held {
    most: usize,
    hits: Arc<Hits>,
    pages: Mutex<Pages>,
    /// Told when there is more room, and when a page is read that nobody read.
    changed: Notify,
}

#[derive(Debug, Default)]
struct Pages {
    next: u64,
    held: BTreeMap<u64, Size>,
}

#[derive(Debug)]
struct Size {
    bytes: usize,
    readers: usize,
}

/// Why a page cannot be kept yet.
pub(super) enum NoRoom {
    /// There is enough of what nobody reads: it is free as soon as whoever made or read
    /// it has let go of it.
    SoonFree,
    /// Others read it.
    Read,
}

impl Held {
    /// `most` is how many bytes they may have together.
    pub(super) fn new(most: usize, hits: Arc<Hits>) -> Arc<Self> {
        Arc::new(Self {
            most,
            hits,
            pages: Mutex::default(),
            changed: Notify::new(),
        })
    }

    /// Told when there may be more room.
    pub(super) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// The same bytes, which count until nobody holds them any more.
    pub(super) fn keep(self: &Arc<Self>, bytes: &Bytes) -> Result<Kept, NoRoom> {
        let number = self.number(bytes.len())?;
        let counted = Counted {
            bytes: bytes.clone(),
            number,
            held: Arc::clone(self),
        };
        Ok(Kept {
            bytes: Bytes::from_owner(counted),
            number,
            held: Arc::clone(self),
        })
    }

    fn number(&self, bytes: usize) -> Result<u64, NoRoom> {
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
        pages.held.insert(number, Size { bytes, readers: 0 });
        self.hits.hold(bytes);
        Ok(number)
    }

    fn change(&self, number: u64, change: impl FnOnce(&mut Size)) {
        if let Some(page) = self.pages.lock().held.get_mut(&number) {
            change(page);
        }
        self.changed.notify_waiters();
    }
}

/// A page that takes memory.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) bytes: Bytes,
    number: u64,
    held: Arc<Held>,
}

impl Kept {
    /// Somebody reads it.
    pub(super) fn reader(&self) -> Reader {
        self.held.change(self.number, |page| page.readers += 1);
        Reader {
            number: self.number,
            held: Arc::clone(&self.held),
        }
    }
}

/// One who reads a page, until it is dropped.
#[derive(Debug)]
pub(super) struct Reader {
    number: u64,
    held: Arc<Held>,
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.held.change(self.number, |page| page.readers -= 1);
    }
}

/// Bytes that count.
struct Counted {
    bytes: Bytes,
    number: u64,
    held: Arc<Held>,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.held.hits.let_go(self.bytes.len());
        self.held.pages.lock().held.remove(&self.number);
        self.held.changed.notify_waiters();
    }
}
