//! Counts the memory of pages that clients read.

use std::collections::BTreeMap;
use std::sync::Arc;

use hyper::body::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use super::Hits;

/// Pages in memory, each with the number of its readers.
#[derive(Debug)]
pub(super) struct HeldPages {
    most: usize,
    hits: Arc<Hits>,
    pages: Mutex<PageTable>,
    /// Notified when memory may be free, and when a page gets its first reader.
    changed: Notify,
}

#[derive(Debug, Default)]
struct PageTable {
    next: u64,
    held: BTreeMap<u64, PageSize>,
}

#[derive(Debug)]
struct PageSize {
    bytes: usize,
    readers: usize,
}

/// Reason why a page cannot be stored yet.
pub(super) enum MemoryFull {
    /// Pages without readers occupy the memory. The memory is free as soon as their
    /// creators and earlier readers drop them.
    SoonFree,
    /// Pages with readers occupy the memory.
    Read,
}

impl HeldPages {
    /// `most` is the maximum size of all pages together, in bytes.
    pub(super) fn new(most: usize, hits: Arc<Hits>) -> Arc<Self> {
        Arc::new(Self {
            most,
            hits,
            pages: Mutex::default(),
            changed: Notify::new(),
        })
    }

    /// Notifies when memory may be free.
    pub(super) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// Returns the same bytes, which are counted until their last owner drops them.
    pub(super) fn keep(self: &Arc<Self>, bytes: &Bytes) -> Result<HeldPage, MemoryFull> {
        let number = self.number(bytes.len())?;
        let counted = CountedBytes {
            bytes: bytes.clone(),
            number,
            held: Arc::clone(self),
        };
        Ok(HeldPage {
            bytes: Bytes::from_owner(counted),
            number,
            held: Arc::clone(self),
        })
    }

    fn number(&self, bytes: usize) -> Result<u64, MemoryFull> {
        let mut pages = self.pages.lock();
        let (mut held, mut read) = (0, 0);
        for page in pages.held.values() {
            held += page.bytes;
            read += if page.readers > 0 { page.bytes } else { 0 };
        }
        if bytes > self.most.saturating_sub(read) {
            return Err(MemoryFull::Read);
        }
        if bytes > self.most.saturating_sub(held) {
            return Err(MemoryFull::SoonFree);
        }
        let number = pages.next;
        pages.next += 1;
        pages.held.insert(number, PageSize { bytes, readers: 0 });
        self.hits.hold(bytes);
        Ok(number)
    }

    fn change(&self, number: u64, change: impl FnOnce(&mut PageSize)) {
        if let Some(page) = self.pages.lock().held.get_mut(&number) {
            change(page);
        }
        self.changed.notify_waiters();
    }
}

/// A page in memory.
#[derive(Debug)]
pub(super) struct HeldPage {
    pub(super) bytes: Bytes,
    number: u64,
    held: Arc<HeldPages>,
}

impl HeldPage {
    /// Adds a reader of the page.
    pub(super) fn reader(&self) -> PageReader {
        self.held.change(self.number, |page| page.readers += 1);
        PageReader {
            number: self.number,
            held: Arc::clone(&self.held),
        }
    }
}

/// A reader of a page, until this value is dropped.
#[derive(Debug)]
pub(super) struct PageReader {
    number: u64,
    held: Arc<HeldPages>,
}

impl Drop for PageReader {
    fn drop(&mut self) {
        self.held.change(self.number, |page| page.readers -= 1);
    }
}

/// Bytes that are counted.
struct CountedBytes {
    bytes: Bytes,
    number: u64,
    held: Arc<HeldPages>,
}

impl AsRef<[u8]> for CountedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for CountedBytes {
    fn drop(&mut self) {
        self.held.hits.let_go(self.bytes.len());
        self.held.pages.lock().held.remove(&self.number);
        self.held.changed.notify_waiters();
    }
}
