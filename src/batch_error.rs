//! The error of a batch: the number of records that panics of a backend lost.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The records of a batch that a backend lost by panicking.
///
/// [`record_batch`](crate::MetricsBackend::record_batch) returns this error. The backend took
/// all other records of the batch.
///
/// ```
/// use std::panic::resume_unwind;
/// use solti_metrics::{Event, MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome};
///
/// /// Panics at every runner error.
/// struct Delicate;
///
/// impl MetricsBackend for Delicate {
///     fn record_task_started(&self, _: RunnerType) {}
///     fn record_task_completed(&self, _: RunnerType, _: TaskOutcome, _: u64) {}
///     fn record_runner_error(&self, _: RunnerType, error: RunnerErrorKind) {
///         resume_unwind(Box::new(error.as_label()));
///     }
/// }
///
/// let runner = RunnerType::Wasm;
/// let error = RunnerErrorKind::SpawnFailed;
/// let batch = [Event::TaskStarted { runner }, Event::RunnerError { runner, error }];
/// let error = Delicate.record_batch(&batch).unwrap_err();
/// assert_eq!((error.records(), error.message()), (1, Some("spawn_failed")));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchError(Box<LostRecords>);

/// Content of the error, behind a pointer so that a result is as small as a pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
struct LostRecords {
    records: usize,
    message: Option<Box<str>>,
}

impl BatchError {
    /// Creates the error of `records` records that a caught panic lost.
    #[cold]
    #[must_use]
    pub fn from_panic(panic: &(dyn Any + Send), records: usize) -> Self {
        Self(Box::new(LostRecords {
            records,
            message: text(panic).map(Box::from),
        }))
    }

    /// Number of lost records.
    #[must_use]
    pub const fn records(&self) -> usize {
        self.0.records
    }

    /// Text of the first panic, if the panic had a text.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// Adds the records that another chunk of the same batch lost. The message stays.
    pub const fn merge(&mut self, more: &Self) {
        self.0.records = self.0.records.saturating_add(more.0.records);
    }

    /// Makes one call for each record. A call that panics loses its record, and the calls for
    /// the next records follow.
    #[inline]
    pub(crate) fn record_each<T: Copy>(
        events: &[T],
        mut record: impl FnMut(T),
    ) -> Result<(), Self> {
        let mut rest = events.iter();
        let mut all = Ok(());
        // The iterator returns a record before the call for it starts. One `catch_unwind`
        // covers a run of records, so that only a panic adds a cost.
        while let Err(panic) = catch_unwind(AssertUnwindSafe(|| {
            for event in rest.by_ref() {
                record(*event);
            }
        })) {
            all = Self::join(all, Err(Self::from_panic(&*panic, 1)));
        }
        all
    }

    /// Makes one call for each chunk of a batch. The chunks after one that loses records
    /// follow.
    pub(crate) fn record_chunks<'a, T: 'a>(
        chunks: impl Iterator<Item = &'a [T]>,
        record: impl Fn(&[T]) -> Result<(), Self>,
    ) -> Result<(), Self> {
        let mut all = Ok(());
        for chunk in chunks {
            all = Self::join(all, Self::contain(chunk.len(), || record(chunk)));
        }
        all
    }

    /// Makes this call for `records` records. If the call panics, all of them are lost.
    #[inline]
    pub(crate) fn contain(
        records: usize,
        call: impl FnOnce() -> Result<(), Self>,
    ) -> Result<(), Self> {
        match catch_unwind(AssertUnwindSafe(call)) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(error.of_at_most(records)),
            Err(panic) => Err(Self::from_panic(&*panic, records)),
        }
    }

    fn of_at_most(mut self, records: usize) -> Self {
        self.0.records = self.0.records.min(records);
        self
    }

    fn join(all: Result<(), Self>, chunk: Result<(), Self>) -> Result<(), Self> {
        match (all, chunk) {
            (Err(mut error), Err(more)) => {
                error.merge(&more);
                Err(error)
            }
            (all, chunk) => all.and(chunk),
        }
    }
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LostRecords { records, message } = &*self.0;
        write!(f, "records lost by a panic of the backend: {records}")?;
        match message {
            Some(message) => write!(f, " ({message})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for BatchError {}

/// The message of a panic, if it is a text.
fn text(panic: &(dyn Any + Send)) -> Option<&str> {
    let text = panic.downcast_ref::<&'static str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use std::panic::resume_unwind;
    use std::sync::Arc;

    use super::*;
    use crate::{
        Event, FanoutMetrics, FilteredMetrics, MemoryMetrics, MetricsBackend, RelabeledMetrics,
        RunnerErrorKind, RunnerType, TaskOutcome,
    };

    /// Loses every error, and remembers the other records.
    #[derive(Default)]
    struct Delicate(MemoryMetrics);

    impl MetricsBackend for Delicate {
        fn record_task_started(&self, runner: RunnerType) {
            self.0.record_task_started(runner);
        }

        fn record_task_completed(&self, runner: RunnerType, outcome: TaskOutcome, ms: u64) {
            self.0.record_task_completed(runner, outcome, ms);
        }

        fn record_runner_error(&self, _: RunnerType, error: RunnerErrorKind) {
            resume_unwind(Box::new(format!("rejects {error}")));
        }
    }

    /// Takes a batch with an implementation of its own, and panics in the middle.
    struct Opaque;

    impl MetricsBackend for Opaque {
        fn record_task_started(&self, _: RunnerType) {}
        fn record_task_completed(&self, _: RunnerType, _: TaskOutcome, _: u64) {}
        fn record_runner_error(&self, _: RunnerType, _: RunnerErrorKind) {}

        fn record_batch(&self, _: &[Event]) -> Result<(), BatchError> {
            resume_unwind(Box::new(7));
        }
    }

    const STARTED: Event = Event::TaskStarted {
        runner: RunnerType::Wasm,
    };
    const ERROR: Event = Event::RunnerError {
        runner: RunnerType::Wasm,
        error: RunnerErrorKind::SpawnFailed,
    };

    fn lost_with(records: usize, message: Option<&str>) -> BatchError {
        let message = message.map(Box::from);
        BatchError(Box::new(LostRecords { records, message }))
    }

    #[test]
    fn a_panic_loses_its_record_and_those_behind_it_follow() {
        let backend = Delicate::default();
        let batch = [ERROR, STARTED, ERROR, ERROR, STARTED, ERROR];
        let lost = backend.record_batch(&batch);
        let expected = lost_with(4, Some("rejects spawn_failed"));
        assert_eq!(lost, Err(expected));
        assert_eq!(backend.0.events(), [STARTED; 2]);
    }

    #[test]
    fn later_chunks_follow_a_chunk_that_panics() {
        let backend = Arc::new(Delicate::default());
        let of = |runner| Event::RunnerError {
            runner,
            error: RunnerErrorKind::SpawnFailed,
        };
        // Two chunks, because the filter omits the record between them.
        let batch = [ERROR, STARTED, of(RunnerType::Container), STARTED, ERROR];
        let filtered = FilteredMetrics::new(Arc::clone(&backend), [RunnerType::Wasm]);
        let lost = filtered.record_batch(&batch);
        assert_eq!(lost.map_err(|lost| lost.records()), Err(2));
        assert_eq!(backend.0.events(), [STARTED; 2]);

        let relabeled = RelabeledMetrics::new(Arc::clone(&backend), |it| it);
        let lost = relabeled.record_batch(&[ERROR; 200]);
        assert_eq!(lost.map_err(|lost| lost.records()), Err(200));
    }

    #[test]
    fn a_batch_without_a_panic_loses_nothing() {
        let backend = Delicate::default();
        assert_eq!(backend.record_batch(&[]), Ok(()));
        assert_eq!(backend.record_batch(&[STARTED; 3]), Ok(()));
        assert_eq!(backend.0.events(), [STARTED; 3]);
    }

    #[test]
    fn a_panic_without_a_count_loses_the_whole_batch() {
        let lost = BatchError::catch(&Opaque, &[STARTED; 5]);
        let expected = lost_with(5, None);
        assert_eq!(lost, Err(expected));
    }

    /// Reports more lost records than it was given.
    struct Exaggerating;

    impl MetricsBackend for Exaggerating {
        fn record_task_started(&self, _: RunnerType) {}
        fn record_task_completed(&self, _: RunnerType, _: TaskOutcome, _: u64) {}
        fn record_runner_error(&self, _: RunnerType, _: RunnerErrorKind) {}

        fn record_batch(&self, _: &[Event]) -> Result<(), BatchError> {
            let mut error = BatchError::from_panic(&"all of them", usize::MAX);
            error.merge(&BatchError::from_panic(&"and more", 1));
            Err(error)
        }
    }

    #[test]
    fn no_more_records_are_lost_than_the_batch_has() {
        let lost = BatchError::catch(&Exaggerating, &[STARTED; 5]);
        assert_eq!(lost, Err(lost_with(5, Some("all of them"))));
        let fanout = FanoutMetrics::new([Arc::new(Exaggerating) as _]);
        assert_eq!(fanout.record_batch(&[STARTED; 5]), Ok(()));
        assert_eq!(fanout.panicked().collect::<Vec<_>>(), [5]);
    }

    #[test]
    fn losses_behind_pointers_are_reported_to_callers() {
        let backend: Box<dyn MetricsBackend> = Box::new(Arc::new(Delicate::default()));
        let lost = backend.record_batch(&[STARTED, ERROR]);
        assert_eq!(lost.map_err(|lost| lost.records()), Err(1));
    }

    #[test]
    fn a_fan_out_counts_the_losses_of_each_backend() {
        let delicate = Arc::new(Delicate::default());
        let memory = Arc::new(MemoryMetrics::new());
        let fanout = FanoutMetrics::new([
            delicate.clone() as _,
            Arc::new(Opaque) as _,
            memory.clone() as _,
        ]);
        let batch = [STARTED, ERROR, STARTED];
        assert_eq!(fanout.record_batch(&batch), Ok(()));
        assert_eq!(fanout.panicked().collect::<Vec<_>>(), [1, 3, 0]);
        assert_eq!(delicate.0.events(), [STARTED; 2]);
        assert_eq!(memory.events(), batch);
    }

    #[test]
    fn it_says_how_many_and_why() {
        let lost = Delicate::default().record_batch(&[ERROR, ERROR]);
        assert_eq!(
            lost.map_err(|lost| lost.to_string()),
            Err("records lost by a panic of the backend: 2 (rejects spawn_failed)".into())
        );
    }
}
