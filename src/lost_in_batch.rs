use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// How many records of a batch a backend has lost by panicking.
///
/// A caller that must not panic hands a batch over through [`LostInBatch::catch`], and
/// learns what [`record_batch`](crate::MetricsBackend::record_batch) has lost:
///
/// ```
/// use std::panic::resume_unwind;
/// use solti_metrics::{Event, LostInBatch, MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome};
///
/// /// It cannot bear errors.
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
/// let lost = LostInBatch::catch(&Delicate, &batch).unwrap_err();
/// assert_eq!((lost.records(), lost.message()), (1, Some("spawn_failed")));
/// ```
///
/// It is also the payload of the panic with which such a batch ends, so that it
/// comes through whatever lies between, and it says that all other records of
/// the batch were taken. A panic with another payload says nothing of how far the
/// backend got, and then the whole batch counts as lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostInBatch {
    records: usize,
    message: Option<Box<str>>,
}

impl LostInBatch {
    /// How many records are lost.
    #[must_use]
    pub const fn records(&self) -> usize {
        self.records
    }

    /// What the first panic said, if that was a text.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// Makes one call for each of these records. One that panics loses its
    /// record, and those behind it follow all the same; how many there were is
    /// said at the end, by unwinding.
    pub(crate) fn record_each<T: Copy>(events: &[T], mut record: impl FnMut(T)) {
        let mut rest = events.iter();
        let mut lost: Option<Self> = None;
        // A record is out of the iterator before it is out of the backend. What
        // is caught is a run of records, so that only a panic costs anything.
        while let Err(panic) = catch_unwind(AssertUnwindSafe(|| {
            for event in rest.by_ref() {
                record(*event);
            }
        })) {
            match &mut lost {
                Some(lost) => lost.records += 1,
                None => {
                    lost = Some(Self {
                        records: 1,
                        ..Self::of(panic, 1)
                    })
                }
            }
        }
        if let Some(lost) = lost {
            // The hook has been told of each of them.
            resume_unwind(Box::new(lost));
        }
    }

    /// Makes one call for each of these parts of a batch. One that panics keeps none from
    /// the parts behind it; how many records were lost is said at the end, by unwinding.
    pub(crate) fn record_parts<'a, T: 'a>(
        parts: impl Iterator<Item = &'a [T]>,
        record: impl Fn(&[T]),
    ) {
        let mut lost: Option<Self> = None;
        for part in parts {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| record(part))) {
                let more = Self::of(panic, part.len());
                match &mut lost {
                    Some(lost) => lost.records += more.records,
                    None => lost = Some(more),
                }
            }
        }
        if let Some(lost) = lost {
            // The hook has been told of each of them.
            resume_unwind(Box::new(lost));
        }
    }

    /// What a panic says of a batch of so many records.
    #[cold]
    pub(crate) fn of(panic: Box<dyn Any + Send>, records: usize) -> Self {
        match panic.downcast::<Self>() {
            Ok(lost) => Self {
                records: lost.records.min(records),
                ..*lost
            },
            Err(panic) => Self {
                records,
                message: text(&*panic).map(Box::from),
            },
        }
    }
}

impl fmt::Display for LostInBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "records lost by a panic of the backend: {}",
            self.records
        )?;
        match &self.message {
            Some(message) => write!(f, " ({message})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for LostInBatch {}

/// What a panic said, if it was a text.
fn text(panic: &(dyn Any + Send)) -> Option<&str> {
    let text = panic.downcast_ref::<&'static str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        Event, FanoutMetrics, FilteredMetrics, MemoryMetrics, MetricsBackend, RelabeledMetrics,
        RunnerErrorKind, RunnerType, TaskOutcome,
    };

    /// Loses every error, and remembers the rest.
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
            resume_unwind(Box::new(format!("cannot bear {error}")));
        }
    }

    /// Knows a way of its own to take a batch, and fails half-way.
    struct Opaque;

    impl MetricsBackend for Opaque {
        fn record_task_started(&self, _: RunnerType) {}
        fn record_task_completed(&self, _: RunnerType, _: TaskOutcome, _: u64) {}
        fn record_runner_error(&self, _: RunnerType, _: RunnerErrorKind) {}

        fn record_batch(&self, _: &[Event]) {
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

    #[test]
    fn a_panic_loses_its_record_and_those_behind_it_follow() {
        let backend = Delicate::default();
        let batch = [ERROR, STARTED, ERROR, ERROR, STARTED, ERROR];
        let lost = LostInBatch::catch(&backend, &batch);
        let expected = LostInBatch {
            records: 4,
            message: Some("cannot bear spawn_failed".into()),
        };
        assert_eq!(lost, Err(expected));
        assert_eq!(backend.0.events(), [STARTED; 2]);
    }

    #[test]
    fn a_part_that_panics_keeps_none_from_the_parts_behind_it() {
        let backend = Arc::new(Delicate::default());
        let of = |runner| Event::RunnerError {
            runner,
            error: RunnerErrorKind::SpawnFailed,
        };
        // Two parts, since what is between them is left out.
        let batch = [ERROR, STARTED, of(RunnerType::Container), STARTED, ERROR];
        let filtered = FilteredMetrics::new(Arc::clone(&backend), [RunnerType::Wasm]);
        let lost = LostInBatch::catch(&filtered, &batch);
        assert_eq!(lost.map_err(|lost| lost.records()), Err(2));
        assert_eq!(backend.0.events(), [STARTED; 2]);

        let relabeled = RelabeledMetrics::new(Arc::clone(&backend), |it| it);
        let lost = LostInBatch::catch(&relabeled, &[ERROR; 200]);
        assert_eq!(lost.map_err(|lost| lost.records()), Err(200));
    }

    #[test]
    fn a_batch_without_a_panic_loses_nothing() {
        let backend = Delicate::default();
        assert_eq!(LostInBatch::catch(&backend, &[]), Ok(()));
        assert_eq!(LostInBatch::catch(&backend, &[STARTED; 3]), Ok(()));
        assert_eq!(backend.0.events(), [STARTED; 3]);
    }

    #[test]
    fn a_panic_that_does_not_say_how_much_is_lost_loses_the_whole_batch() {
        let lost = LostInBatch::catch(&Opaque, &[STARTED; 5]);
        let expected = LostInBatch {
            records: 5,
            message: None,
        };
        assert_eq!(lost, Err(expected));
    }

    #[test]
    fn what_is_lost_behind_pointers_is_known_in_front_of_them() {
        let backend: Box<dyn MetricsBackend> = Box::new(Arc::new(Delicate::default()));
        let lost = LostInBatch::catch(&backend, &[STARTED, ERROR]);
        assert_eq!(lost.map_err(|lost| lost.records()), Err(1));
    }

    #[test]
    fn a_fan_out_counts_what_each_of_its_backends_lost() {
        let delicate = Arc::new(Delicate::default());
        let memory = Arc::new(MemoryMetrics::new());
        let fanout = FanoutMetrics::new([
            delicate.clone() as _,
            Arc::new(Opaque) as _,
            memory.clone() as _,
        ]);
        let batch = [STARTED, ERROR, STARTED];
        fanout.record_batch(&batch);
        assert_eq!(fanout.panicked().collect::<Vec<_>>(), [1, 3, 0]);
        assert_eq!(delicate.0.events(), [STARTED; 2]);
        assert_eq!(memory.events(), batch);
    }

    #[test]
    fn it_says_how_many_and_why() {
        let lost = LostInBatch::catch(&Delicate::default(), &[ERROR, ERROR]);
        assert_eq!(
            lost.map_err(|lost| lost.to_string()),
            Err("records lost by a panic of the backend: 2 (cannot bear spawn_failed)".into())
        );
    }
}
