//! A run that is kept running: the supervisor restarts it after each failure.

use std::sync::Arc;

use taskvisor::{TaskContext, TaskError, TaskFn, TaskRef};

use super::RunOutcome;
use super::restart_state::RestartState;
use super::run::{Run, RunContext};

/// A run with its restarts.
pub(super) struct KeptRun {
    context: Arc<RunContext>,
    state: RestartState,
}

impl KeptRun {
    /// The run waits from now on.
    pub(super) fn new(context: &Arc<RunContext>) -> Arc<Self> {
        Arc::new(Self {
            context: Arc::clone(context),
            state: RestartState::due(context.stats()),
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
        self.state.attempt(context.stats());
        let _permit = context.permit(ctx).await.ok_or(TaskError::Canceled)?;
        self.state.started();
        let run = Run::start_restartable(context, &self.state);
        match run.execute(ctx).await {
            RunOutcome::Success => Ok(()),
            RunOutcome::Canceled => Err(TaskError::Canceled),
            // A run is restarted after a timeout, too.
            failed => Err(TaskError::fail(failed.as_label())),
        }
    }

    /// The supervisor has finished the run.
    pub(super) fn over(&self) {
        let rejected = !self.context.is_closed();
        self.state.over(self.context.stats(), rejected);
    }
}
