//! Counts of records by their labels.

use parking_lot::Mutex;
use serde::Serialize;
use solti_metrics::{BatchError, Event, MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome};

const RUNNERS: usize = RunnerType::ALL.len();

/// Counts of records by their labels, and of starts and completions without a pair. The
/// size is constant for any number of records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LabelCounts {
    started: [u64; RUNNERS],
    completed: [[u64; TaskOutcome::ALL.len()]; RUNNERS],
    errors: [[u64; RunnerErrorKind::ALL.len()]; RUNNERS],
    /// Started tasks that are not completed.
    open: [u64; RUNNERS],
    /// Completions without an open task.
    unstarted: [u64; RUNNERS],
}

/// Number of records of a guest with the same labels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RecordCount {
    /// The kind of record: `started`, `completed` or `error`.
    pub record: &'static str,
    /// The label of the runner type.
    pub runner: &'static str,
    /// The outcome label of a completion, or the kind label of an error.
    pub label: Option<&'static str>,
    /// The number of records.
    pub count: u64,
}

/// Starts without a completion, and completions without a start, of one runner type.
#[derive(Debug)]
pub(crate) struct Unpaired {
    pub(crate) runner: &'static str,
    pub(crate) open: u64,
    pub(crate) unstarted: u64,
}

impl LabelCounts {
    fn record(&mut self, event: Event) {
        let runner = event.runner() as usize;
        match event {
            Event::TaskStarted { .. } => {
                self.started[runner] += 1;
                self.open[runner] += 1;
            }
            Event::TaskCompleted { outcome, .. } => {
                self.completed[runner][outcome as usize] += 1;
                match self.open[runner].checked_sub(1) {
                    Some(open) => self.open[runner] = open,
                    None => self.unstarted[runner] += 1,
                }
            }
            Event::RunnerError { error, .. } => self.errors[runner][error as usize] += 1,
            // The trait has no call for other kinds.
            _ => {}
        }
    }

    /// Numbers of starts, completions and errors.
    pub(crate) fn by_kind(&self) -> [u64; 3] {
        [
            self.started.iter().sum(),
            self.completed.as_flattened().iter().sum(),
            self.errors.as_flattened().iter().sum(),
        ]
    }

    pub(crate) fn total(&self) -> u64 {
        self.by_kind().iter().sum()
    }

    /// Counts above 0, in the order of the labels.
    pub(crate) fn rows(&self) -> Vec<RecordCount> {
        let mut rows = Vec::new();
        let mut row = |record, runner: RunnerType, label, count| {
            if count > 0 {
                let runner = runner.as_label();
                rows.push(RecordCount {
                    record,
                    runner,
                    label,
                    count,
                });
            }
        };
        for runner in RunnerType::ALL {
            let of = runner as usize;
            row("started", runner, None, self.started[of]);
            for outcome in TaskOutcome::ALL {
                let count = self.completed[of][outcome as usize];
                row("completed", runner, Some(outcome.as_label()), count);
            }
            for error in RunnerErrorKind::ALL {
                let count = self.errors[of][error as usize];
                row("error", runner, Some(error.as_label()), count);
            }
        }
        rows
    }

    pub(crate) fn unpaired(&self) -> Vec<Unpaired> {
        let all = RunnerType::ALL.map(|runner| Unpaired {
            runner: runner.as_label(),
            open: self.open[runner as usize],
            unstarted: self.unstarted[runner as usize],
        });
        all.into_iter()
            .filter(|it| it.open + it.unstarted > 0)
            .collect()
    }

    /// Whether both have the same counts, in any order of the records.
    pub(crate) fn same_labels(&self, other: &Self) -> bool {
        self.cells().eq(other.cells())
    }

    fn cells(&self) -> impl Iterator<Item = &u64> {
        let (completed, errors) = (self.completed.as_flattened(), self.errors.as_flattened());
        self.started.iter().chain(completed).chain(errors)
    }
}

/// A backend that counts records by their labels.
#[derive(Debug, Default)]
pub(crate) struct CountingBackend(Mutex<LabelCounts>);

impl CountingBackend {
    pub(crate) fn counts(&self) -> LabelCounts {
        self.0.lock().clone()
    }
}

impl MetricsBackend for CountingBackend {
    fn record_task_started(&self, runner: RunnerType) {
        self.0.lock().record(Event::TaskStarted { runner });
    }

    fn record_task_completed(&self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        self.0.lock().record(Event::TaskCompleted {
            runner,
            outcome,
            duration_ms,
        });
    }

    fn record_runner_error(&self, runner: RunnerType, error: RunnerErrorKind) {
        self.0.lock().record(Event::RunnerError { runner, error });
    }

    fn record_batch(&self, events: &[Event]) -> Result<(), BatchError> {
        let mut counts = self.0.lock();
        events.iter().for_each(|event| counts.record(*event));
        Ok(())
    }

    #[inline]
    fn prefers_batches(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_completion_pairs_with_an_earlier_start_of_its_runner_and_with_no_other() {
        let counter = CountingBackend::default();
        let done = |runner| counter.record_task_completed(runner, TaskOutcome::Success, 1);
        counter.record_task_started(RunnerType::Wasm);
        done(RunnerType::Container);
        counter.record_task_started(RunnerType::Container);
        done(RunnerType::Wasm);
        let unpaired = counter.counts().unpaired();
        assert_eq!(unpaired.len(), 1);
        let container = &unpaired[0];
        assert_eq!(container.runner, "container");
        assert_eq!((container.open, container.unstarted), (1, 1));
    }
}
