//! One run of a task, from its submission to its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use solti_metrics_host::runner::{CancellationToken, Runner, SpawnError, TaskReport};
use solti_metrics_host::text::printable;
use taskvisor::{TaskContext, TaskError, TaskFn, TaskRef};

use super::ended::RunEnd;
use super::stats::Stats;
use super::{Ended, Observer, Plan};
use crate::time::milliseconds;

/// All that the runs of one task have in common.
pub(super) struct Shared {
    pub(super) plan: Plan,
    pub(super) runner: Runner,
    pub(super) observer: Arc<dyn Observer>,
    /// Cancelled when the task is to stop.
    pub(super) stop: CancellationToken,
    /// Cancelled when no run of any task is to begin any more.
    pub(super) closed: CancellationToken,
}

impl Shared {
    pub(super) fn stats(&self) -> &Stats {
        &self.plan.history.0
    }
}

/// Something that was submitted, and begins once, never, or, if it is restarted,
/// several times.
pub(super) struct Submitted {
    shared: Arc<Shared>,
    restarts: bool,
    began: AtomicBool,
    /// Whether the last attempt is to be followed by another one.
    pausing: AtomicBool,
}

impl Submitted {
    /// It waits from here on.
    pub(super) fn new(shared: &Arc<Shared>, restarts: bool) -> Arc<Self> {
        shared.stats().due();
        Arc::new(Self {
            shared: Arc::clone(shared),
            restarts,
            began: AtomicBool::new(false),
            pausing: AtomicBool::new(false),
        })
    }

    /// What the supervisor executes.
    pub(super) fn task(self: &Arc<Self>) -> TaskRef {
        let this = Arc::clone(self);
        TaskFn::arc(move |ctx| {
            let this = Arc::clone(&this);
            async move { this.attempt(ctx).await }
        })
    }

    /// The supervisor is done with it. `rejected` is whether it would count as turned
    /// away, if it has not begun.
    pub(super) fn over(&self, rejected: bool) {
        if !self.began.load(Ordering::Acquire) {
            self.shared.stats().never_began(rejected);
        } else if self.pausing.swap(false, Ordering::AcqRel) {
            self.shared.stats().given_up();
        }
    }

    async fn attempt(&self, ctx: TaskContext) -> Result<(), TaskError> {
        let shared = &*self.shared;
        let never = shared.stop.is_cancelled() || shared.closed.is_cancelled();
        if never || ctx.is_cancelled() {
            return Err(TaskError::Canceled);
        }
        let again = self.began.swap(true, Ordering::AcqRel);
        self.pausing.store(false, Ordering::Release);
        let mut run = Run {
            submitted: self,
            number: shared.stats().begun(again),
            began: Instant::now(),
            end: None,
        };
        let result = run.execute(&ctx).await;
        run.end(result)
    }
}

/// One run, while it goes on. If it is dropped before its end, it panicked, after which
/// the supervisor tries it again if it is to; or the supervisor waited no longer.
struct Run<'a> {
    submitted: &'a Submitted,
    number: u64,
    began: Instant,
    end: Option<RunEnd>,
}

impl Run<'_> {
    async fn execute(&self, ctx: &TaskContext) -> Result<TaskReport, SpawnError> {
        let shared = &*self.submitted.shared;
        let name = &*shared.plan.name;
        let printing = shared.observer.begins();
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
        let (ended, detail) = (end.ended, end.detail.clone());
        self.end = Some(end);
        shared.observer.ended(result);
        match ended {
            Ended::Success => Ok(()),
            Ended::Canceled => Err(TaskError::Canceled),
            // A deadline is no reason not to try again.
            Ended::Failure | Ended::Timeout | Ended::StartFailed => Err(TaskError::fail(detail)),
        }
    }

    /// One line for each end of a run.
    fn log(&self, end: &RunEnd, report: Option<&TaskReport>) {
        let task = &*self.submitted.shared.plan.name;
        let records = report.map(|report| report.ledger.accepted());
        let dropped = report.map(|report| report.ledger.dropped_total());
        let peak_memory = report.map(|report| report.peak_memory);
        let duration_ms = milliseconds(end.duration);
        let (run, outcome) = (self.number, end.ended.as_label());
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
        match end.ended {
            Ended::Success | Ended::Canceled => line!(info),
            Ended::Failure | Ended::Timeout | Ended::StartFailed => line!(warn),
        }
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        let end = self.end.take().unwrap_or_else(|| {
            let panicking = std::thread::panicking();
            let end = RunEnd::given_up(panicking, self.began.elapsed());
            self.log(&end, None);
            end
        });
        let failed = !matches!(end.ended, Ended::Success | Ended::Canceled);
        let again = failed && self.submitted.restarts;
        self.submitted.pausing.store(again, Ordering::Release);
        self.submitted.shared.stats().ended(end, again);
    }
}
