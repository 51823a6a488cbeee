//! Limits the memory of pages.

use std::pin::pin;
use std::sync::Arc;

use hyper::body::Bytes;

use super::Hits;
use super::connection_slots::ConnectionSlots;
use super::held_pages::{HeldPage, HeldPages, MemoryFull};

/// The memory of pages: shared pages, and pages that clients have not completely read.
/// The memory is limited; if more is needed, the slowest readers are disconnected.
#[derive(Debug)]
pub(super) struct PageMemory {
    most: usize,
    slots: Arc<ConnectionSlots>,
    held: Arc<HeldPages>,
}

impl PageMemory {
    pub(super) fn new(most: usize, slots: Arc<ConnectionSlots>, hits: Arc<Hits>) -> Arc<Self> {
        Arc::new(Self {
            most,
            slots,
            held: HeldPages::new(most, hits),
        })
    }

    /// Maximum size of a page, in bytes: half of the memory, so that the next page fits
    /// while clients read the last one.
    pub(super) const fn largest(&self) -> usize {
        self.most / 2
    }

    /// Returns the same bytes, which are counted until their last owner drops them. Waits
    /// for free memory, and disconnects as few slow readers as possible.
    pub(super) async fn keep(&self, bytes: Bytes) -> HeldPage {
        loop {
            let mut changed = pin!(self.held.changed());
            // After this call, no notification is missed.
            changed.as_mut().enable();
            match self.held.keep(&bytes) {
                Ok(held) => return held,
                Err(MemoryFull::Read) if self.slots.give_up_on_slowest_reader() => {}
                Err(MemoryFull::Read | MemoryFull::SoonFree) => changed.await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Poll;

    use super::*;
    use crate::http::HttpLimits;
    use crate::http::pulse::Pulse;

    #[tokio::test]
    async fn only_as_many_readers_are_evicted_as_needed() {
        let hits = Arc::new(Hits::default());
        let slots = ConnectionSlots::new(&HttpLimits::default(), Arc::clone(&hits));
        let memory = PageMemory::new(8, Arc::clone(&slots), Arc::clone(&hits));
        let mut readers = Vec::new();
        for _ in 0..2 {
            let page = memory.keep(Bytes::from_static(b"page")).await;
            for _ in 0..2 {
                let pulse = Arc::new(Pulse::new());
                let slot = slots.take(&pulse);
                assert!(slot.is_some(), "there are slots");
                pulse.answered(Some(page.reader()));
                readers.push((page.bytes.clone(), slot));
            }
        }
        // A connection without a page in memory would free nothing, so it is not evicted.
        let bystander = Arc::new(Pulse::new());
        let slot = slots.take(&bystander);
        bystander.answered(None);

        let mut held = pin!(memory.keep(Bytes::from_static(b"next")));
        let mut poll = async || poll_fn(|cx| Poll::Ready(held.as_mut().poll(cx))).await;
        for leaves in [slot, readers.remove(0).1, readers.remove(0).1] {
            assert!(poll().await.is_pending());
            assert_eq!(hits.slow_readers(), 2, "both readers of the first page");
            drop(leaves);
        }
        assert!(poll().await.is_ready());
        assert_eq!(hits.slow_readers(), 2);
    }
}
