//! Moves records from the queue into the instance, and counts their outcome in the ledger.

use std::time::Instant;

use solti_metrics::Event;

use super::BackendState;
use super::instance::{HandedOver, InstanceEnd, ProviderInstance};
use super::worker::{BackendWorker, after};
use crate::DropReason;
use crate::bindings::types as wit;

impl BackendWorker {
    /// Hands over queued records, up to this number. Returns the number of records.
    pub(super) async fn hand_over(
        &mut self,
        instance: &mut ProviderInstance,
        limit: usize,
    ) -> Result<usize, InstanceEnd> {
        self.take(limit);
        if self.taken.is_empty() {
            return Ok(0);
        }
        let started = Instant::now();
        let handed = instance.hand_over(&self.taken).await;
        let time = started.elapsed();
        self.shared.was_busy(time, instance.memory());
        let gone = handed.returned + handed.under_way;
        self.taken.drain(..gone);
        self.settle(handed)?;
        if self.circuit.half_open() {
            self.shared
                .change(|condition| condition.state = BackendState::Running);
        }
        self.circuit.delivered();
        if self.flush_at.is_none() && instance.can_flush() {
            self.flush_at = Some(after(self.options.flush_interval));
        }
        Ok(gone)
    }

    /// Takes records out of the queue, up to this number.
    fn take(&mut self, limit: usize) {
        while self.taken.len() < limit {
            match self.shared.queue.pop() {
                Some(event) if is_mapped(event) => self.taken.push(event),
                Some(_) => self.shared.queue.drop_for(DropReason::UnmappedLabel, 1),
                None => return,
            }
        }
    }

    /// Counts the outcome of records that were handed over.
    fn settle(&self, handed: HandedOver) -> Result<(), InstanceEnd> {
        let queue = &self.shared.queue;
        let (returned, under_way) = (handed.returned as u64, handed.under_way as u64);
        let discards = handed.end.as_ref().copied().unwrap_or_default();
        // A provider can discard no more records than it was given.
        let sampled = discards.sampled.min(returned);
        let failed = discards.failed.min(returned - sampled);
        queue.deliver(returned - sampled - failed);
        for (reason, records) in [
            (DropReason::Sampled, sampled),
            (DropReason::BackendFailed, failed),
        ] {
            if records > 0 {
                queue.drop_for(reason, records);
            }
        }
        if under_way > 0 {
            let reason = match &handed.end {
                Err(InstanceEnd::Failed(failure)) => failure.reason(),
                Err(InstanceEnd::Halted) | Ok(_) => DropReason::ShutDown,
            };
            queue.drop_for(reason, under_way);
        }
        handed.end.map(drop)
    }

    /// Hands over the records that are queued at this moment; other threads may continue to record.
    pub(super) async fn hand_over_queued(
        &mut self,
        instance: &mut ProviderInstance,
    ) -> Result<(), InstanceEnd> {
        self.hand_over_queued_until(instance, None).await
    }

    /// Hands over the queued records until this moment: records that are left stay queued.
    pub(super) async fn hand_over_queued_until(
        &mut self,
        instance: &mut ProviderInstance,
        until: Option<tokio::time::Instant>,
    ) -> Result<(), InstanceEnd> {
        let mut left = self.taken.len() + self.shared.queue.len();
        while left > 0 && until.is_none_or(|until| tokio::time::Instant::now() < until) {
            let limit = left.min(self.options.batch);
            match self.hand_over(instance, limit).await? {
                0 => return Ok(()),
                handed => left = left.saturating_sub(handed),
            }
        }
        Ok(())
    }

    /// Hands over all records that were accepted before the queue was closed.
    pub(super) async fn drain(
        &mut self,
        instance: &mut ProviderInstance,
    ) -> Result<(), InstanceEnd> {
        loop {
            if self.hand_over(instance, self.options.batch).await? == 0 {
                if self.in_flight() == 0 {
                    return Ok(());
                }
                // A recording thread has passed the check for a closed queue, and is about to
                // queue.
                tokio::task::yield_now().await;
            }
        }
    }

    pub(super) fn drop_all(&mut self, reason: DropReason) {
        if !self.taken.is_empty() {
            let records = self.taken.len() as u64;
            self.shared.queue.drop_for(reason, records);
            self.taken.clear();
        }
        self.shared.queue.drop_queued(reason);
    }
}

/// Whether the WIT package has names for an event's labels.
fn is_mapped(event: Event) -> bool {
    let runner = wit::RunnerType::try_from(event.runner()).is_ok();
    let label = match event {
        Event::TaskCompleted { outcome, .. } => wit::TaskOutcome::try_from(outcome).is_ok(),
        Event::RunnerError { error, .. } => wit::RunnerErrorKind::try_from(error).is_ok(),
        _ => true,
    };
    runner && label
}
