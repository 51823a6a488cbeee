//! Registers the slots of one task at the supervisor.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use taskvisor::{RuntimeError, SupervisorHandle, TaskOutcome, TaskSpec, TaskWaiter};

use super::run::RunContext;

/// Registers the slots of one task.
pub(super) struct Registrar {
    supervisor: SupervisorHandle,
    context: Arc<RunContext>,
    /// Distinguishes this task from an earlier one of the same name.
    life: u64,
    /// Number of slots that were registered. An addition in one step makes the names unique.
    registered: AtomicU64,
}

impl Registrar {
    /// `life` is a number that no other task of the supervisor has.
    pub(super) fn new(supervisor: SupervisorHandle, life: u64, context: &Arc<RunContext>) -> Self {
        Self {
            supervisor,
            context: Arc::clone(context),
            life,
            registered: AtomicU64::new(0),
        }
    }

    pub(super) fn context(&self) -> &Arc<RunContext> {
        &self.context
    }

    /// Registers a slot, and waits until the supervisor has finished it. The supervisor
    /// removes the slot when the task is stopped, or when `removed` is ready. `None` if
    /// the supervisor starts no more slots.
    pub(super) async fn occupy(
        &self,
        spec: impl FnOnce(String) -> TaskSpec,
        removed: impl Future<Output = ()>,
    ) -> Option<TaskOutcome> {
        let (task, life) = (&*self.context.plan.name, self.life);
        let number = self.registered.fetch_add(1, Ordering::Relaxed);
        let spec = spec(format!("{task}/{life}/{number}"));
        match self.supervisor.add(spec).watch().execute().await {
            Ok(waiter) => self.watch(waiter, removed).await,
            Err(RuntimeError::ShuttingDown) => None,
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(task, error, "slot not started");
                None
            }
        }
    }

    async fn watch(
        &self,
        waiter: TaskWaiter,
        removed: impl Future<Output = ()>,
    ) -> Option<TaskOutcome> {
        let id = waiter.id();
        let over = waiter.wait();
        tokio::pin!(over);
        tokio::select! {
            biased;
            outcome = &mut over => return outcome.ok(),
            () = self.context.stop.cancelled() => {}
            () = removed => {}
        }
        // This cancels a run that waits, a pause and a guest. A run that does not stop
        // within the shutdown timeout is abandoned.
        let _ = self.supervisor.remove(id).execute().await;
        over.await.ok()
    }
}
