//! The handle of a task that the engine runs.

use std::sync::Arc;

use solti_metrics_host::runner::CancellationToken;

use super::feed::Feed;
use super::run::RunContext;
use super::{Engine, Observer, Plan, Snapshot};

/// A task that runs as its plan says, until it is over or stopped. Dropping the job stops
/// the task without waiting.
pub struct Job {
    shared: Arc<RunContext>,
    /// Canceled when the task is over.
    over: CancellationToken,
}

impl Job {
    pub(super) fn start(engine: &Engine, plan: Plan, observer: Arc<dyn Observer>) -> Self {
        plan.history.0.resumed();
        let shared = Arc::new(RunContext {
            plan,
            runner: engine.runner.clone(),
            observer,
            permits: Arc::clone(&engine.permits),
            stop: CancellationToken::new(),
            closed: engine.closed.clone(),
        });
        let feed = Feed::new(engine.supervisor.clone(), engine.life(), &shared);
        let over = CancellationToken::new();
        let when_over = over.clone().drop_guard();
        tokio::spawn(async move {
            feed.feed().await;
            drop(when_over);
        });
        Self { shared, over }
    }

    /// Current counts and state of the runs.
    pub fn snapshot(&self) -> Snapshot {
        self.shared.stats().snapshot()
    }

    /// Waits until the task is over.
    pub fn over(&self) -> impl Future<Output = ()> + Send + 'static {
        self.over.clone().cancelled_owned()
    }

    /// Prevents further runs, and cancels running ones.
    pub fn ask_to_stop(&self) {
        self.shared.stop.cancel();
    }

    /// Counts running runs as canceled. Call this when no caller waits for them.
    pub fn abandon(&self) {
        let abandoned = self.shared.stats().abandon();
        if abandoned > 0 {
            let task = &*self.shared.plan.name;
            tracing::warn!(
                task,
                abandoned,
                "runs did not stop within the shutdown timeout and were abandoned"
            );
        }
    }

    /// Stops the task, and waits until all of its runs have ended.
    pub async fn stop(self) {
        self.ask_to_stop();
        self.over().await;
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.ask_to_stop();
    }
}
