//! A run that is kept running: the supervisor restarts it after each failure.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use taskvisor::{TaskContext, TaskError, TaskFn, TaskRef};

use super::RunOutcome;
use super::run::{Run, RunContext};

/// A run with its restarts.
pub(super) struct KeptRun {
    context: Arc<RunContext>,
    started: AtomicBool,
    /// Whether the run is due, and waits for its start.
    waiting: AtomicBool,
    /// Whether the run failed and waits for its restart.
    pausing: AtomicBool,
}

impl KeptRun {
    /// The run waits from now on.
    pub(super) fn new(context: &Arc<RunContext>) -> Arc<Self> {
        context.stats().due();
        Arc::new(Self {
            context: Arc::clone(context),
            started: AtomicBool::new(false),
            waiting: AtomicBool::new(true),
            pausing: AtomicBool::new(false),
        })
    }

    /// The task that the supervisor executes, and restarts.
    pub(super) fn task(self: &Arc<Self>) -> TaskRef {
        let this = Arc::clone(self);
        TaskFn::arc(move |ctx| {
            let this = Arc::clone(&this);
            async move { this.attempt(&ctx).await }
        })
    }

    async fn attempt(&self, ctx: &TaskContext) -> Result<(), TaskError> {
        let context = &*self.context;
        if self.pausing.swap(false, Ordering::AcqRel) {
            context.stats().due_again();
            self.waiting.store(true, Ordering::Release);
        }
        let _permit = context.permit(ctx).await.ok_or(TaskError::Canceled)?;
        self.waiting.store(false, Ordering::Release);
        self.started.store(true, Ordering::Release);
        let run = Run::start_restartable(context, &self.pausing);
        match run.execute(ctx).await {
            RunOutcome::Success => Ok(()),
            RunOutcome::Canceled => Err(TaskError::Canceled),
            // A run is restarted after a timeout, too.
            failed => Err(TaskError::fail(failed.as_label())),
        }
    }

    /// The supervisor has finished the run.
    pub(super) fn over(&self) {
        let stats = self.context.stats();
        if self.waiting.swap(false, Ordering::AcqRel) {
            // A restart is not a due run of the schedule.
            let rejected = !self.started.load(Ordering::Acquire) && !self.context.is_closed();
            stats.never_started(rejected);
        } else if self.pausing.swap(false, Ordering::AcqRel) {
            stats.not_restarted();
        }
    }
}
