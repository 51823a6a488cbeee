//! Submits the runs of one task to the supervisor, by its schedule.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use taskvisor::{
    AdmissionPolicy, ControllerSpec, SupervisorHandle, TaskOutcome, TaskSpec, TaskWaiter,
};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use super::free_slots::FreeSlots;
use super::run::{RunContext, Submitted};
use super::stats::FinalState;
use super::{Admission, RestartBackoff, Schedule};

/// Submits the runs of one task.
pub(super) struct Feed(Arc<TaskSlots>);

/// The slots of one task.
struct TaskSlots {
    supervisor: SupervisorHandle,
    shared: Arc<RunContext>,
    /// Number of runs in each slot, including waiting runs.
    taken: Box<[AtomicUsize]>,
    /// The same slots, for runs that take any free slot.
    free: FreeSlots,
    submitted: AtomicU64,
    /// Distinguishes this task from an earlier one of the same name.
    life: u64,
}

impl Feed {
    /// `life` is a number that no other task of the supervisor has.
    pub(super) fn new(supervisor: SupervisorHandle, life: u64, shared: &Arc<RunContext>) -> Self {
        let slots = shared.plan.concurrency.get();
        Self(Arc::new(TaskSlots {
            supervisor,
            shared: Arc::clone(shared),
            taken: (0..slots).map(|_| AtomicUsize::new(0)).collect(),
            free: FreeSlots::new(slots),
            submitted: AtomicU64::new(0),
            life,
        }))
    }

    /// Returns when the task is over.
    pub(super) async fn feed(self) {
        let why = match &self.0.shared.plan.schedule {
            Schedule::Once { repeat } => self.repeatedly(repeat.get()).await,
            Schedule::Interval {
                interval,
                admission,
                queue_capacity,
            } => {
                self.at_intervals(*interval, *admission, *queue_capacity)
                    .await
            }
            Schedule::Restart { backoff } => self.restarting(*backoff).await,
        };
        self.0.shared.stats().over(why);
    }

    /// Each slot takes the next run when it is free.
    async fn repeatedly(&self, repeat: u64) -> FinalState {
        let mut busy = JoinSet::new();
        let next = Arc::new(AtomicU64::new(0));
        for slot in 0..self.0.taken.len() {
            let (slots, next) = (Arc::clone(&self.0), Arc::clone(&next));
            busy.spawn(async move {
                while !slots.shared.stop.is_cancelled()
                    && next.fetch_add(1, Ordering::Relaxed) < repeat
                {
                    slots.run(slot, Admission::Queue).await;
                }
            });
        }
        while busy.join_next().await.is_some() {}
        self.why()
    }

    async fn at_intervals(
        &self,
        interval: Duration,
        admission: Admission,
        queue_capacity: usize,
    ) -> FinalState {
        let mut clock = tokio::time::interval(interval);
        // Ticks that were missed while the process was stopped are skipped.
        clock.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let (mut under_way, stats) = (JoinSet::new(), self.0.shared.stats());
        loop {
            tokio::select! {
                biased;
                () = self.0.shared.stop.cancelled() => break,
                // Ended runs are removed before a tick is taken; a fast clock would
                // starve them.
                Some(_) = under_way.join_next() => continue,
                _ = clock.tick() => {}
            }
            let slots = Arc::clone(&self.0);
            if admission == Admission::Queue {
                // Running and waiting runs together.
                let most = slots.taken.len().saturating_add(queue_capacity);
                if stats.under_way() >= u64::try_from(most).unwrap_or(u64::MAX) {
                    stats.rejected();
                } else {
                    let submitted = Submitted::new(&slots.shared, false);
                    under_way.spawn(async move { slots.run_in_any(submitted).await });
                }
                continue;
            }
            let slot = slots.least_used();
            // With `replace`, only the newest run waits.
            if admission == Admission::Reject && slots.taken[slot].load(Ordering::Relaxed) > 0 {
                stats.rejected();
                continue;
            }
            under_way.spawn(async move { slots.run(slot, admission).await });
        }
        while under_way.join_next().await.is_some() {}
        FinalState::Stopped
    }

    async fn restarting(&self, backoff: RestartBackoff) -> FinalState {
        let mut replicas = JoinSet::new();
        for slot in 0..self.0.taken.len() {
            let slots = Arc::clone(&self.0);
            replicas.spawn(async move { slots.keep_running(slot, backoff).await });
        }
        let mut why = FinalState::Done;
        while let Some(completed) = replicas.join_next().await {
            if !matches!(completed, Ok(true)) {
                why = FinalState::Stopped;
            }
        }
        why
    }

    fn why(&self) -> FinalState {
        if self.0.shared.stop.is_cancelled() {
            FinalState::Stopped
        } else {
            FinalState::Done
        }
    }
}

impl TaskSlots {
    fn least_used(&self) -> usize {
        let taken = |slot: &usize| self.taken[*slot].load(Ordering::Relaxed);
        (0..self.taken.len()).min_by_key(taken).unwrap_or(0)
    }

    /// One run in this slot, from its due time to its end.
    async fn run(&self, slot: usize, admission: Admission) {
        let submitted = Submitted::new(&self.shared, false);
        self.submit(slot, admission.into(), submitted, TaskSpec::once)
            .await;
    }

    /// One run in the first free slot. The queue of a single slot could block the run
    /// behind a long run while another slot is free.
    async fn run_in_any(&self, submitted: Arc<Submitted>) {
        let slot = tokio::select! {
            biased;
            () = self.shared.stop.cancelled() => None,
            slot = self.free.take() => slot,
        };
        match slot {
            Some(slot) => {
                self.submit(
                    slot.index,
                    AdmissionPolicy::Queue,
                    submitted,
                    TaskSpec::once,
                )
                .await;
            }
            None => submitted.over(false),
        }
    }

    /// Runs the task, and restarts it after each failure. Returns whether the last run
    /// succeeded.
    async fn keep_running(&self, slot: usize, backoff: RestartBackoff) -> bool {
        let submitted = Submitted::new(&self.shared, true);
        let outcome = self.submit(slot, AdmissionPolicy::Queue, submitted, |name, task| {
            let spec = TaskSpec::restartable(name, task).with_max_retries(backoff.max_retries);
            // The creator of the plan has checked the numbers.
            spec.with_backoff(backoff.policy().unwrap_or_default())
        });
        let completed = matches!(outcome.await, Some(TaskOutcome::Completed));
        if let (false, Some(retries)) = (completed, backoff.max_retries)
            && !self.shared.stop.is_cancelled()
        {
            let task = &*self.shared.plan.name;
            tracing::warn!(
                task,
                retries = retries.get(),
                "task stopped: the last retry has failed"
            );
        }
        completed
    }

    async fn submit(
        &self,
        slot: usize,
        admission: AdmissionPolicy,
        submitted: Arc<Submitted>,
        spec: impl FnOnce(String, taskvisor::TaskRef) -> TaskSpec,
    ) -> Option<TaskOutcome> {
        let (name, life) = (&self.shared.plan.name, self.life);
        let number = self.submitted.fetch_add(1, Ordering::Relaxed);
        self.taken[slot].fetch_add(1, Ordering::Relaxed);
        let spec = spec(format!("{name}/{life}/{number}"), submitted.task());
        let slot_name = format!("{name}/{life}/{slot}");
        let spec = ControllerSpec::new(admission, spec).with_slot(slot_name);
        let outcome = match self.supervisor.submit(spec).watch().execute().await {
            Ok(waiter) => self.watch(waiter).await,
            // The supervisor shuts down, and starts no more runs.
            Err(_) => None,
        };
        self.taken[slot].fetch_sub(1, Ordering::Relaxed);
        submitted.over(!self.shared.stop.is_cancelled());
        outcome
    }

    /// Waits until the run is over, and cancels it when the task is stopped.
    async fn watch(&self, waiter: TaskWaiter) -> Option<TaskOutcome> {
        let id = waiter.id();
        let over = waiter.wait();
        tokio::pin!(over);
        tokio::select! {
            biased;
            outcome = &mut over => return outcome.ok(),
            () = self.shared.stop.cancelled() => {}
        }
        // This cancels a run in a queue, in a delay or in the guest.
        let _ = self.supervisor.remove(id).execute().await;
        over.await.ok()
    }
}
