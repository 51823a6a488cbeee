//! The worker of a slot: one task of the supervisor, which executes many runs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use taskvisor::{TaskContext, TaskError, TaskFn, TaskRef};

use super::due_runs::DueRuns;
use super::run::RunContext;

/// Duration of runs after which a worker yields its thread before the next run.
///
/// A short run never waits, so other tasks of the thread would starve without a yield. The
/// thread may also be the one that waits for timers and sockets, and a yield wakes another
/// thread for them. That costs a context switch, so a worker does not yield before each
/// run.
const YIELD_AFTER: Duration = Duration::from_millis(1);

/// Takes due runs for one slot, one after the other.
pub(super) struct Worker {
    context: Arc<RunContext>,
    runs: Arc<DueRuns>,
    /// Number of the worker in its slot.
    number: u64,
}

impl Worker {
    /// The task that the supervisor executes.
    pub(super) fn task(context: &Arc<RunContext>, runs: &Arc<DueRuns>) -> TaskRef {
        let worker = Arc::new(Self {
            context: Arc::clone(context),
            runs: Arc::clone(runs),
            number: runs.enter(),
        });
        TaskFn::arc(move |ctx| {
            let worker = Arc::clone(&worker);
            async move { worker.work(&ctx).await }
        })
    }

    /// Executes runs until there are no more. A panic of a run ends the worker, and the
    /// slot gets another one.
    async fn work(&self, ctx: &TaskContext) -> Result<(), TaskError> {
        let context = &*self.context;
        let mut busy = YIELD_AFTER;
        loop {
            let run = tokio::select! {
                biased;
                () = ctx.cancelled() => None,
                () = context.stop.cancelled() => None,
                run = self.runs.next(context, self.number) => match run {
                    Some(run) => Some(run),
                    None => return Ok(()),
                },
            };
            let mut run = run.ok_or(TaskError::Canceled)?;
            if busy >= YIELD_AFTER {
                busy = Duration::ZERO;
                tokio::task::yield_now().await;
            }
            let permit = context.permit(ctx).await.ok_or(TaskError::Canceled)?;
            let started = Instant::now();
            run.start().execute(ctx).await;
            drop(permit);
            drop(run);
            busy += started.elapsed();
        }
    }
}
