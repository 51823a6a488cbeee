//! The handle of a task that the engine runs.

use std::sync::Arc;

use solti_metrics_host::runner::CancellationToken;

use super::feed::Feed;
use super::run::Shared;
use super::{Engine, Observer, Plan, Snapshot};

/// A task that runs as its plan says, until it is over or stopped. Dropping it stops
/// it, and does not wait.
pub struct Job {
    shared: Arc<Shared>,
    /// Cancelled when it does not run any more.
    over: CancellationToken,
}

impl Job {
    pub(super) fn begin(engine: &Engine, plan: Plan, observer: Arc<dyn Observer>) -> Self {
        plan.history.0.resumed();
        let shared = Arc::new(Shared {
            plan,
            runner: engine.runner.clone(),
            observer,
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

    /// What is known of its runs, at one moment.
    pub fn snapshot(&self) -> Snapshot {
        self.shared.stats().snapshot()
    }

    /// Waits until it does not run any more.
    pub fn over(&self) -> impl Future<Output = ()> + Send + 'static {
        self.over.clone().cancelled_owned()
    }

    /// Lets nothing begin any more, and ends what runs, as canceled.
    pub fn ask_to_stop(&self) {
        self.shared.stop.cancel();
    }

    /// Counts what still runs as canceled: nobody waits for it any longer.
    pub fn abandon(&self) {
        let abandoned = self.shared.stats().abandon();
        if abandoned > 0 {
            let task = &*self.shared.plan.name;
            tracing::warn!(
                task,
                abandoned,
                "runs did not stop in time, and were abandoned"
            );
        }
    }

    /// Asks it to stop, and waits until all of it has ended.
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
