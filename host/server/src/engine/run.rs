//! One run of a task, from its start to its end.

use std::sync::Arc;
use std::time::Instant;

use solti_metrics_host::runner::{CancellationToken, Runner, SpawnError, TaskReport};
use solti_metrics_host::text::printable;
use taskvisor::TaskContext;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::restart_state::RestartState;
use super::run_outcome::RunEnd;
use super::stats::Stats;
use super::{Observer, Plan, RunOutcome};
use crate::time::milliseconds;

/// Values that the runs of one task share.
pub(super) struct RunContext {
    pub(super) plan: Plan,
    pub(super) runner: Runner,
    pub(super) observer: Arc<dyn Observer>,
    /// A permit for each concurrent run of all tasks.
    pub(super) permits: Arc<Semaphore>,
    /// Canceled when the task is stopped.
    pub(super) stop: CancellationToken,
    /// Canceled when no run of any task may start any more.
    pub(super) closed: CancellationToken,
}

impl RunContext {
    pub(super) fn stats(&self) -> &Stats {
        &self.plan.history.0
    }

    /// Whether no further run of the task may start.
    pub(super) fn is_closed(&self) -> bool {
        self.stop.is_cancelled() || self.closed.is_cancelled()
    }

    /// Waits until the number of concurrent runs of all tasks permits a run. `None` if
    /// the run may not start any more.
    pub(super) async fn permit(&self, ctx: &TaskContext) -> Option<SemaphorePermit<'_>> {
        let may_start = || !self.is_closed() && !ctx.is_cancelled();
        if !may_start() {
            return None;
        }
        // Returned permits go to waiting runs first, so a permit that is free was not
        // taken from a waiting run.
        if let Ok(permit) = self.permits.try_acquire() {
            return Some(permit);
        }
        let permit = tokio::select! {
            biased;
            () = ctx.cancelled() => None,
            () = self.stop.cancelled() => None,
            permit = self.permits.acquire() => permit.ok(),
        };
        permit.filter(|_| may_start())
    }
}

/// A run that executes. If it is dropped before its end, it panicked, or the supervisor
/// stopped waiting.
pub(super) struct Run<'a> {
    context: &'a RunContext,
    /// State of the restarts. `None` if the run is not restarted.
    restarts: Option<&'a RestartState>,
    number: u64,
    started: Instant,
    end: Option<RunEnd>,
}

impl<'a> Run<'a> {
    /// Starts a due run.
    pub(super) fn start(context: &'a RunContext) -> Self {
        Self::new(context, None)
    }

    /// Starts a due run that is restarted after a failure.
    pub(super) fn start_restartable(context: &'a RunContext, restarts: &'a RestartState) -> Self {
        Self::new(context, Some(restarts))
    }

    fn new(context: &'a RunContext, restarts: Option<&'a RestartState>) -> Self {
        Self {
            context,
            restarts,
            number: context.stats().started(),
            started: Instant::now(),
            end: None,
        }
    }

    /// Executes the run to its end. The run is canceled when the task is stopped, or by
    /// the supervisor.
    pub(super) async fn execute(mut self, ctx: &TaskContext) -> RunOutcome {
        let context = self.context;
        let printing = context.observer.starts();
        let cancel = context.stop.child_token();
        let mut task = context.plan.task.clone();
        task.identity = Some(context.plan.name.as_ref().to_owned());
        task.cancel = cancel.clone();
        (task.stdout, task.stderr) = (printing.stdout, printing.stderr);
        let result = {
            let run = context.runner.run(&context.plan.program, task);
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
        self.ended(result)
    }

    fn ended(&mut self, result: Result<TaskReport, SpawnError>) -> RunOutcome {
        let end = RunEnd::from(&result);
        self.log(&end, result.as_ref().ok());
        let outcome = end.outcome;
        self.end = Some(end);
        self.context.observer.ended(result);
        outcome
    }

    /// Writes one log entry for each end of a run.
    fn log(&self, end: &RunEnd, report: Option<&TaskReport>) {
        let task = &*self.context.plan.name;
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

impl Drop for Run<'_> {
    fn drop(&mut self) {
        let end = self.end.take().unwrap_or_else(|| {
            let panicking = std::thread::panicking();
            let end = RunEnd::dropped(panicking, self.started.elapsed());
            self.log(&end, None);
            end
        });
        let stats = self.context.stats();
        match self.restarts {
            Some(restarts) => restarts.ended(stats, end),
            None => {
                stats.ended(end, false);
            }
        }
    }
}
