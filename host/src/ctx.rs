//! The context of a guest: it checks, counts and forwards records.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use solti_metrics::{DropReason, Event, Ledger, LedgerWriter, MetricsHandle, RunnerType};

mod builder;
#[cfg(feature = "inline")]
mod words;

pub use builder::MetricsCtxBuilder;

/// Connection of one guest to its backend: the guest's identity, its limits, and its ledger.
///
/// The context belongs in the store's data, one for each guest. See the [crate's page](crate) for a
/// whole program.
pub struct MetricsCtx {
    backend: MetricsHandle,
    identity: Arc<str>,
    /// One bit for each [`RunnerType`] for which the guest may record.
    allowed: u8,
    /// Number of records that may still be passed to the backend.
    quota: u64,
    ceiling_ms: u64,
    ledger: LedgerWriter,
}

impl MetricsCtx {
    /// Default of the longest duration that is passed to a backend: 365 days, in milliseconds.
    ///
    /// A single `u64::MAX` would absorb a million ordinary durations in the 53-bit sum of a
    /// histogram; after a million of a year each, that sum still resolves 4 ms.
    pub const DEFAULT_DURATION_CEILING: Duration = Duration::from_secs(365 * 24 * 60 * 60);

    /// A builder with the defaults: no backend, every runner type allowed, no quota, the [default
    /// ceiling](Self::DEFAULT_DURATION_CEILING), the identity `guest`.
    pub fn builder() -> MetricsCtxBuilder {
        MetricsCtxBuilder::default()
    }

    /// Identity with which the records are made. The host sets it, never the guest.
    #[must_use]
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Ledger of the records so far. The view is live: any thread may keep and read it, even after
    /// the context is gone.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.ledger.reader()
    }

    /// Takes a record as if the guest had made it: every limit applies.
    ///
    /// If the backend panics, only this record is lost, and counted.
    #[inline]
    pub fn record(&mut self, event: Event) {
        self.ledger.accept(1);
        let event = match self.admit(event) {
            Ok(event) => event,
            Err(reason) => return self.ledger.drop_for(reason, 1),
        };
        let backend = &*self.backend;
        match catch_unwind(AssertUnwindSafe(|| event.record_into(backend))) {
            Ok(()) => self.ledger.deliver(1),
            Err(_) => self.ledger.drop_for(DropReason::BackendPanicked, 1),
        }
    }

    #[inline]
    fn admit(&mut self, event: Event) -> Result<Event, DropReason> {
        if self.allowed & bit(event.runner()) == 0 {
            return Err(DropReason::RunnerNotAllowed);
        }
        // A record that the backend loses counts towards the quota too. Otherwise a guest of a
        // broken backend would have no quota at all.
        self.quota = self.quota.checked_sub(1).ok_or(DropReason::Quota)?;
        Ok(match event {
            Event::TaskCompleted {
                runner,
                outcome,
                duration_ms,
            } if duration_ms > self.ceiling_ms => {
                self.ledger.clamp();
                Event::TaskCompleted {
                    runner,
                    outcome,
                    duration_ms: self.ceiling_ms,
                }
            }
            event => event,
        })
    }
}

impl fmt::Debug for MetricsCtx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsCtx")
            .field("identity", &self.identity)
            .field("ledger", &self.ledger())
            .finish_non_exhaustive()
    }
}

const fn bit(runner: RunnerType) -> u8 {
    1 << runner as u8
}

#[cfg(test)]
mod tests {
    use solti_metrics::{MemoryMetrics, MetricsBackend, RunnerErrorKind, TaskOutcome};

    use super::*;
    use crate::LedgerTotals;

    const STARTED: Event = Event::TaskStarted {
        runner: RunnerType::Wasm,
    };

    fn completed_after(duration_ms: u64) -> Event {
        Event::TaskCompleted {
            runner: RunnerType::Wasm,
            outcome: TaskOutcome::Success,
            duration_ms,
        }
    }

    struct Panicking;

    #[expect(clippy::panic, reason = "a backend that panics is what is tested")]
    impl MetricsBackend for Panicking {
        fn record_task_started(&self, _: RunnerType) {
            panic!("a broken backend");
        }
        fn record_task_completed(&self, _: RunnerType, _: TaskOutcome, _: u64) {}
        fn record_runner_error(&self, _: RunnerType, _: RunnerErrorKind) {}
    }

    #[test]
    fn records_over_the_quota_are_dropped_and_counted() {
        let memory = Arc::new(MemoryMetrics::new());
        let mut ctx = MetricsCtx::builder()
            .handle(memory.clone())
            .quota(2)
            .build();
        for _ in 0..5 {
            ctx.record(STARTED);
        }
        assert_eq!(memory.events(), [STARTED; 2]);
        assert_eq!(ctx.ledger().snapshot().dropped(DropReason::Quota), 3);
        assert_eq!(ctx.ledger().snapshot().in_flight(), 0);
    }

    #[test]
    fn a_record_that_the_backend_loses_counts_against_the_quota() {
        let mut ctx = MetricsCtx::builder().backend(Panicking).quota(2).build();
        for _ in 0..5 {
            ctx.record(STARTED);
        }
        let ledger = ctx.ledger().snapshot();
        assert_eq!(ledger.dropped(DropReason::BackendPanicked), 2);
        assert_eq!(ledger.dropped(DropReason::Quota), 3);
    }

    #[test]
    fn a_runner_that_the_guest_may_not_speak_for_is_dropped() {
        let memory = Arc::new(MemoryMetrics::new());
        let mut ctx = MetricsCtx::builder()
            .handle(memory.clone())
            .allowed_runners([RunnerType::Container])
            .build();
        ctx.record(STARTED);
        ctx.record(Event::TaskStarted {
            runner: RunnerType::Container,
        });
        assert_eq!(memory.events().len(), 1);
        assert_eq!(
            ctx.ledger()
                .snapshot()
                .dropped(DropReason::RunnerNotAllowed),
            1
        );
    }

    #[test]
    fn a_duration_above_the_ceiling_is_lowered_and_counted() {
        let memory = Arc::new(MemoryMetrics::new());
        let mut ctx = MetricsCtx::builder().handle(memory.clone()).build();
        ctx.record(completed_after(u64::MAX));
        ctx.record(completed_after(31_536_000_000));
        assert_eq!(memory.events(), [completed_after(31_536_000_000); 2]);
        let ledger = ctx.ledger().snapshot();
        assert_eq!((ledger.clamped(), ledger.delivered()), (1, 2));
    }

    #[test]
    fn a_context_is_once_in_each_of_its_books() {
        let (one, other) = (LedgerTotals::new(), LedgerTotals::new());
        let ctx = MetricsCtx::builder()
            .ledger_totals(&one)
            .ledger_totals(&other)
            .ledger_totals(&one);
        ctx.build().record(STARTED);
        assert_eq!(one.total().accepted(), 1);
        assert_eq!(other.total(), one.total());
    }

    #[test]
    fn a_panicking_backend_loses_its_record_and_nothing_else() {
        let mut ctx = MetricsCtx::builder().backend(Panicking).build();
        ctx.record(STARTED);
        ctx.record(completed_after(1));
        let ledger = ctx.ledger().snapshot();
        assert_eq!(ledger.dropped(DropReason::BackendPanicked), 1);
        assert_eq!((ledger.delivered(), ledger.in_flight()), (1, 0));
    }
}
