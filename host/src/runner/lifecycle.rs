//! Records of the runner itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use solti_metrics::{Event, RunnerErrorKind, RunnerType, TaskOutcome};

use crate::{Ledger, MetricsCtx};

/// Records of the runner itself. The records pass a separate context, and are counted like those of
/// any guest.
#[derive(Debug, Clone)]
pub(super) struct Reporter {
    ctx: Arc<Mutex<MetricsCtx>>,
}

impl Reporter {
    pub(super) fn new(ctx: MetricsCtx) -> Self {
        Self {
            ctx: Arc::new(Mutex::new(ctx)),
        }
    }

    pub(super) fn ledger(&self) -> Ledger {
        self.ctx.lock().ledger()
    }

    pub(super) fn error(&self, error: RunnerErrorKind) {
        self.record(Event::RunnerError {
            runner: RunnerType::Wasm,
            error,
        });
    }

    /// Records that a task has started. The returned value records its end.
    pub(super) fn start(&self) -> TaskLifecycle<'_> {
        self.record(Event::TaskStarted {
            runner: RunnerType::Wasm,
        });
        TaskLifecycle {
            reporter: self,
            started: Instant::now(),
            outcome: TaskOutcome::Canceled,
        }
    }

    fn record(&self, event: Event) {
        self.ctx.lock().record(event);
    }
}

/// A running task. If this value is dropped without an outcome, the task's future was dropped: the
/// outcome is canceled.
#[derive(Debug)]
pub(super) struct TaskLifecycle<'a> {
    reporter: &'a Reporter,
    started: Instant,
    outcome: TaskOutcome,
}

impl TaskLifecycle<'_> {
    /// Records the end, and returns the duration of the task.
    pub(super) fn end(mut self, outcome: TaskOutcome) -> Duration {
        self.outcome = outcome;
        self.started.elapsed()
    }
}

impl Drop for TaskLifecycle<'_> {
    fn drop(&mut self) {
        let elapsed = self.started.elapsed().as_millis();
        self.reporter.record(Event::TaskCompleted {
            runner: RunnerType::Wasm,
            outcome: self.outcome,
            duration_ms: u64::try_from(elapsed).unwrap_or(u64::MAX),
        });
    }
}
