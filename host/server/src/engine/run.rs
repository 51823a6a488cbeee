//! One run of a task, from its submission to its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use solti_metrics_host::runner::{CancellationToken, Runner, SpawnError, TaskReport};
use solti_metrics_host::text::printable;
use taskvisor::{TaskContext, TaskError, TaskFn, TaskRef};

use super::run_outcome::RunEnd;
use super::stats::Stats;
use super::{Observer, Plan, RunOutcome};
use crate::time::milliseconds;

/// Values that the runs of one task share.
pub(super) struct RunContext {
    pub(super) plan: Plan,
    pub(super) runner: Runner,
    pub(super) observer: Arc<dyn Observer>,
    /// Canceled when the task is stopped.
    pub(super) stop: CancellationToken,
    /// Canceled when no run of any task may start any more.
    pub(super) closed: CancellationToken,
}

impl RunContext {
    pub(super) fn stats(&self) -> &Stats {
        &self.plan.history.0
    }
}

/// A submitted run. The run starts once or never, or several times if it is restarted.
pub(super) struct Submitted {
    shared: Arc<RunContext>,
    restarts: bool,
    started: AtomicBool,
    /// Whether the last attempt will be restarted.
    pausing: AtomicBool,
}

impl Submitted {
    /// Submits a run, which waits from now on.
    pub(super) fn new(shared: &Arc<RunContext>, restarts: bool) -> Arc<Self> {
        shared.stats().due();
        Arc::new(Self {
            shared: Arc::clone(shared),
            restarts,
            started: AtomicBool::new(false),
            pausing: AtomicBool::new(false),
        })
    }

    /// The task that the supervisor executes.
    pub(super) fn task(self: &Arc<Self>) -> TaskRef {
        let this = Arc::clone(self);
        TaskFn::arc(move |ctx| {
            let this = Arc::clone(&this);
            async move { this.attempt(ctx).await }
        })
    }

    /// The supervisor has finished the run. `rejected` is whether a run that never
    /// started counts as rejected.
    pub(super) fn over(&self, rejected: bool) {
        if !self.started.load(Ordering::Acquire) {
            self.shared.stats().never_started(rejected);
        } else if self.pausing.swap(false, Ordering::AcqRel) {
            self.shared.stats().not_restarted();
        }
    }

    async fn attempt(&self, ctx: TaskContext) -> Result<(), TaskError> {
        let shared = &*self.shared;
        let never = shared.stop.is_cancelled() || shared.closed.is_cancelled();
        if never || ctx.is_cancelled() {
            return Err(TaskError::Canceled);
        }
        let again = self.started.swap(true, Ordering::AcqRel);
        self.pausing.store(false, Ordering::Release);
        let mut run = RunAttempt {
            submitted: self,
            number: shared.stats().started(again),
            started: Instant::now(),
            end: None,
        };
        let result = run.execute(&ctx).await;
        run.end(result)
    }
}

/// One attempt of a run. If it is dropped before its end, it panicked, or the supervisor
/// stopped waiting. After a panic, the supervisor may restart the run.
struct RunAttempt<'a> {
    submitted: &'a Submitted,
    number: u64,
    started: Instant,
    end: Option<RunEnd>,
}

impl RunAttempt<'_> {
    async fn execute(&self, ctx: &TaskContext) -> Result<TaskReport, SpawnError> {
        let shared = &*self.submitted.shared;
        let name = &*shared.plan.name;
        let printing = shared.observer.starts();
        let cancel = shared.stop.child_token();
        let mut task = shared.plan.task.clone();
        task.identity = Some(name.to_owned());
        task.cancel = cancel.clone();
        (task.stdout, task.stderr) = (printing.stdout, printing.stderr);
        let result = {
            let run = shared.runner.run(&shared.plan.program, task);
            tokio::pin!(run);
            tokio::select! {
                biased;
                () = ctx.cancelled() => {
                    cancel.cancel();
                    run.await
                }
                result = &mut run => result,
            }
        };
        (printing.finish)();
        result
    }

    fn end(&mut self, result: Result<TaskReport, SpawnError>) -> Result<(), TaskError> {
        let shared = &*self.submitted.shared;
        let end = RunEnd::from(&result);
        self.log(&end, result.as_ref().ok());
        let (outcome, detail) = (end.outcome, end.detail.clone());
        self.end = Some(end);
        shared.observer.ended(result);
        match outcome {
            RunOutcome::Success => Ok(()),
            RunOutcome::Canceled => Err(TaskError::Canceled),
            // A run is restarted after a timeout, too.
            RunOutcome::Failure | RunOutcome::Timeout | RunOutcome::StartFailed => {
                Err(TaskError::fail(detail))
            }
        }
    }

    /// Writes one log entry for each end of a run.
    fn log(&self, end: &RunEnd, report: Option<&TaskReport>) {
        let task = &*self.submitted.shared.plan.name;
        let records = report.map(|report| report.ledger.accepted());
        let dropped = report.map(|report| report.ledger.dropped_total());
        let peak_memory = report.map(|report| report.peak_memory);
        let duration_ms = milliseconds(end.duration);
        let (run, outcome) = (self.number, end.outcome.as_label());
        let detail = printable(&end.detail);
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    task,
                    run,
                    outcome,
                    detail,
                    duration_ms,
                    peak_memory,
                    records,
                    dropped,
                    "run ended"
                )
            };
        }
        match end.outcome {
            RunOutcome::Success | RunOutcome::Canceled => line!(info),
            RunOutcome::Failure | RunOutcome::Timeout | RunOutcome::StartFailed => line!(warn),
        }
    }
}

impl Drop for RunAttempt<'_> {
    fn drop(&mut self) {
        let end = self.end.take().unwrap_or_else(|| {
            let panicking = std::thread::panicking();
            let end = RunEnd::dropped(panicking, self.started.elapsed());
            self.log(&end, None);
            end
        });
        let failed = !matches!(end.outcome, RunOutcome::Success | RunOutcome::Canceled);
        let again = failed && self.submitted.restarts;
        self.submitted.pausing.store(again, Ordering::Release);
        self.submitted.shared.stats().ended(end, again);
    }
}
