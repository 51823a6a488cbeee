//! Counts the records that it receives, and exposes the counts.

mod bindings;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bindings::exports::solti::metrics::backend::{self, RunnerErrorKind, RunnerType, TaskOutcome};
use bindings::exports::solti::metrics::exposition;

static STARTED: AtomicU64 = AtomicU64::new(0);
static COMPLETED: AtomicU64 = AtomicU64::new(0);
static ERRORS: AtomicU64 = AtomicU64::new(0);

struct Provider;

impl backend::Guest for Provider {
    fn record_task_started(_: RunnerType) {
        STARTED.fetch_add(1, Relaxed);
    }

    fn record_task_completed(_: RunnerType, _: TaskOutcome, _duration_ms: u64) {
        COMPLETED.fetch_add(1, Relaxed);
    }

    fn record_runner_error(_: RunnerType, _: RunnerErrorKind) {
        ERRORS.fetch_add(1, Relaxed);
    }
}

impl exposition::Guest for Provider {
    fn expose() -> String {
        let [started, completed, errors] =
            [&STARTED, &COMPLETED, &ERRORS].map(|count| count.load(Relaxed));
        format!(
            "# TYPE tasks_started counter\n\
             tasks_started_total {started}\n\
             # TYPE tasks_completed counter\n\
             tasks_completed_total {completed}\n\
             # TYPE runner_errors counter\n\
             runner_errors_total {errors}\n\
             # EOF\n"
        )
    }
}

bindings::export!(Provider with_types_in bindings);
