//! Records of a ring, passed to the backend in batches.

use solti_metrics::{BatchError, DropReason, Event, RunnerType};

use super::{MetricsCtx, bit};
use crate::inline::{CAPACITY, RecordWords};

/// Every type of runner.
const ALL: u8 = {
    let (mut all, mut number) = (0, 0);
    while number < RunnerType::ALL.len() {
        all |= bit(RunnerType::ALL[number]);
        number += 1;
    }
    all
};

const NONE: Event = Event::TaskStarted {
    runner: RunnerType::Wasm,
};

impl MetricsCtx {
    /// Takes the records of a ring, in their order, as [`record`](Self::record) takes one.
    ///
    /// If the backend panics, the records of that call are lost: see [`BatchError`].
    pub(crate) fn record_words(&mut self, records: &[RecordWords]) {
        if self.backend.prefers_batches() {
            records
                .chunks(CAPACITY)
                .for_each(|records| self.record_batch(records));
        } else {
            // While one record is written to memory, the next is decoded.
            for &words in records {
                match Event::from_words(words) {
                    Some(event) => self.record(event),
                    None => self.refuse(),
                }
            }
        }
    }

    fn record_batch(&mut self, records: &[RecordWords]) {
        self.ledger.accept(records.len() as u64);
        let mut batch = [NONE; CAPACITY];
        let admitted = match self.admit_all(records, &mut batch) {
            true => records.len(),
            false => self.admit_each(records, &mut batch),
        };
        let lost = match BatchError::catch(&*self.backend, &batch[..admitted]) {
            Ok(()) => 0,
            Err(error) => error.records(),
        };
        self.ledger.deliver((admitted - lost) as u64);
        if lost > 0 {
            self.ledger
                .drop_for(DropReason::BackendPanicked, lost as u64);
        }
    }

    /// Admits all records at once, if none needs a check of its own. Returns false without any
    /// effect otherwise.
    fn admit_all(&mut self, records: &[RecordWords], batch: &mut [Event; CAPACITY]) -> bool {
        let left = self.quota.checked_sub(records.len() as u64);
        let longest = records
            .iter()
            .fold(0, |longest, words| words[1].max(longest));
        let (Some(left), true) = (left, longest <= self.ceiling_ms) else {
            return false;
        };
        if self.allowed & ALL != ALL {
            return false;
        }
        for (&words, slot) in records.iter().zip(batch) {
            match Event::from_words(words) {
                Some(event) => *slot = event,
                None => return false,
            }
        }
        self.quota = left;
        true
    }

    /// Admits records one by one into the batch, and returns their number.
    fn admit_each(&mut self, records: &[RecordWords], batch: &mut [Event; CAPACITY]) -> usize {
        let mut admitted = 0;
        for &words in records {
            let event = Event::from_words(words).ok_or(DropReason::UnmappedLabel);
            match event.and_then(|event| self.admit(event)) {
                Ok(event) => {
                    batch[admitted] = event;
                    admitted += 1;
                }
                Err(reason) => self.ledger.drop_for(reason, 1),
            }
        }
        admitted
    }

    /// Counts words without a meaning, which the shim does not make.
    #[cold]
    fn refuse(&mut self) {
        self.ledger.accept(1);
        self.ledger.drop_for(DropReason::UnmappedLabel, 1);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use solti_metrics::{
        FanoutMetrics, MemoryMetrics, MetricsBackend, MetricsHandle, RunnerErrorKind, TaskOutcome,
    };

    use super::*;
    use crate::MetricsCtxBuilder;

    fn words() -> Vec<RecordWords> {
        let mut words = vec![[0x02_00, 0], [0x01_00, 0], [7, 7], [0x01_02, 0]];
        for outcome in TaskOutcome::ALL {
            for duration_ms in [0, 5, 6, u64::MAX] {
                let runner = RunnerType::Subprocess;
                let event = Event::TaskCompleted {
                    runner,
                    outcome,
                    duration_ms,
                };
                words.push(event.to_words());
            }
        }
        words
    }

    /// Events and ledger of the same records if each is recorded alone.
    fn each_alone(bounds: MetricsCtxBuilder) -> (Vec<Event>, crate::LedgerSnapshot) {
        let memory = Arc::new(MemoryMetrics::new());
        let mut ctx = bounds.handle(memory.clone()).build();
        for words in words() {
            match Event::from_words(words) {
                Some(event) => ctx.record(event),
                None => ctx.refuse(),
            }
        }
        (memory.events(), ctx.ledger().snapshot())
    }

    #[test]
    fn a_ring_is_admitted_as_its_records_are_alone_with_batches_and_without() {
        let bounds = || MetricsCtx::builder().duration_ceiling(Duration::from_millis(5));
        for bounds in [
            bounds(),
            bounds().quota(0),
            bounds().quota(7),
            bounds().allowed_runners([RunnerType::Container]),
            bounds().duration_ceiling(Duration::from_millis(u64::MAX)),
        ] {
            let expected = each_alone(bounds.clone());
            for batches in [true, false] {
                let memory = Arc::new(MemoryMetrics::new());
                let handle: MetricsHandle = match batches {
                    true => memory.clone(),
                    false => Arc::new(Single(memory.clone())),
                };
                assert_eq!(handle.prefers_batches(), batches);
                let mut ctx = bounds.clone().handle(handle).build();
                ctx.record_words(&words());
                let seen = (memory.events(), ctx.ledger().snapshot());
                assert_eq!(seen, expected, "{batches}");
            }
        }
    }

    #[test]
    fn a_fan_out_prefers_batches_if_one_of_its_backends_does() {
        let memory = Arc::new(MemoryMetrics::new());
        let single: MetricsHandle = Arc::new(Single(memory.clone()));
        assert!(!FanoutMetrics::new([single.clone()]).prefers_batches());
        assert!(FanoutMetrics::new([single, memory as _]).prefers_batches());
    }

    /// A backend that does not prefer batches.
    struct Single(Arc<MemoryMetrics>);

    impl MetricsBackend for Single {
        fn record_task_started(&self, runner: RunnerType) {
            self.0.record_task_started(runner);
        }
        fn record_task_completed(&self, runner: RunnerType, outcome: TaskOutcome, ms: u64) {
            self.0.record_task_completed(runner, outcome, ms);
        }
        fn record_runner_error(&self, runner: RunnerType, error: RunnerErrorKind) {
            self.0.record_runner_error(runner, error);
        }
    }
}
