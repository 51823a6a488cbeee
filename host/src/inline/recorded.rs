//! Data of an embedder's store.

use std::fmt;
use std::mem::offset_of;

use super::ring::{Drain, RecordWords, Recording, StartsWithRing};
use crate::{Ledger, MetricsCtx, MetricsCtxView};

/// Data of a store for the inline recording mode: your own data, behind the ring and the context of
/// the guest.
///
/// The value has a size of 4 KiB and that of your data. Dropping the value drains the ring first:
/// records outlive traps, interrupts, and calls whose future was dropped.
#[repr(transparent)]
pub struct Recorded<T: 'static>(Recording<Embedded<T>>);

struct Embedded<T> {
    ctx: MetricsCtx,
    data: T,
}

impl<T: 'static> Drain for Embedded<T> {
    fn drain(&mut self, records: &[RecordWords]) {
        self.ctx.record_words(records);
    }
}

impl<T: 'static> StartsWithRing for Recorded<T> {
    const RING_OFFSET: usize =
        offset_of!(Self, 0) + <Recording<Embedded<T>> as StartsWithRing>::RING_OFFSET;

    #[inline]
    fn drain(&mut self) {
        self.0.drain();
    }
}

impl<T: 'static> Recorded<T> {
    /// Wraps your data. Records of the store's guest pass this context.
    pub fn new(metrics: MetricsCtx, data: T) -> Self {
        Self(Recording::new(Embedded { ctx: metrics, data }))
    }

    /// Your data.
    pub fn data(&self) -> &T {
        &self.0.state().data
    }

    /// Your data.
    pub fn data_mut(&mut self) -> &mut T {
        &mut self.0.state_mut().data
    }

    /// Ledger of the guest: a live view, without the records that are still in the ring.
    pub fn ledger(&self) -> Ledger {
        self.0.state().ctx.ledger()
    }

    /// View of the guest's context, for records that do not pass the ring. The ring is drained
    /// first, which keeps the order.
    pub fn metrics(&mut self) -> MetricsCtxView<'_> {
        self.drain();
        MetricsCtxView {
            ctx: &mut self.0.state_mut().ctx,
        }
    }

    /// Passes the records in the ring on to the backend. An empty ring costs one comparison.
    ///
    /// Recording cannot fail. If the backend panics, that record is lost and counted.
    #[inline]
    pub fn drain(&mut self) {
        self.0.drain();
    }
}

impl<T: fmt::Debug> fmt::Debug for Recorded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorded")
            .field("metrics", &self.0.state().ctx)
            .field("data", self.data())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use solti_metrics::{Event, MemoryMetrics, RunnerType};

    use super::*;

    const STARTED: Event = Event::TaskStarted {
        runner: RunnerType::Wasm,
    };

    #[test]
    fn the_ring_is_first_for_data_of_any_alignment() {
        #[repr(align(64))]
        struct Aligned;
        assert_eq!(<Recorded<()> as StartsWithRing>::RING_OFFSET, 0);
        assert_eq!(<Recorded<u8> as StartsWithRing>::RING_OFFSET, 0);
        assert_eq!(<Recorded<Aligned> as StartsWithRing>::RING_OFFSET, 0);
    }

    #[test]
    fn a_record_past_the_ring_has_a_ledger_and_a_limit() {
        let memory = Arc::new(MemoryMetrics::new());
        let ctx = MetricsCtx::builder().handle(memory.clone()).quota(1);
        let mut recorded = Recorded::new(ctx.build(), "data");
        recorded.metrics().ctx.record(STARTED);
        recorded.metrics().ctx.record(STARTED);
        assert_eq!(memory.events(), [STARTED]);
        assert_eq!(recorded.ledger().snapshot().accepted(), 2);
        assert_eq!(*recorded.data(), "data");
    }
}
