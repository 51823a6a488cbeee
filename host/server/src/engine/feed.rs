//! Submits the runs of one task to the supervisor, as its schedule says.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use taskvisor::{
    AdmissionPolicy, ControllerSpec, SupervisorHandle, TaskOutcome, TaskSpec, TaskWaiter,
};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use super::places::Places;
use super::run::{Shared, Submitted};
use super::stats::Over;
use super::{Admission, Backoff, Schedule};

/// Submits the runs of one task.
pub(super) struct Feed(Arc<Lanes>);

/// The lanes of one task.
struct Lanes {
    supervisor: SupervisorHandle,
    shared: Arc<Shared>,
    /// How many runs are in each, those that wait included.
    taken: Box<[AtomicUsize]>,
    /// The same lanes, for runs that may be in any of them.
    places: Places,
    submitted: AtomicU64,
    /// Tells this task from one of the same name that came before it.
    life: u64,
}

impl Feed {
    /// `life` is a number that no other task of the supervisor has.
    pub(super) fn new(supervisor: SupervisorHandle, life: u64, shared: &Arc<Shared>) -> Self {
        let lanes = shared.plan.concurrency.get();
        Self(Arc::new(Lanes {
            supervisor,
            shared: Arc::clone(shared),
            taken: (0..lanes).map(|_| AtomicUsize::new(0)).collect(),
            places: Places::new(lanes),
            submitted: AtomicU64::new(0),
            life,
        }))
    }

    /// Returns when the task does not run any more.
    pub(super) async fn feed(self) {
        let why = match &self.0.shared.plan.schedule {
            Schedule::Once { repeat } => self.repeatedly(repeat.get()).await,
            Schedule::Interval {
                every,
                admission,
                queue,
            } => self.by_the_clock(*every, *admission, *queue).await,
            Schedule::Restart { backoff } => self.again_and_again(*backoff).await,
        };
        self.0.shared.stats().over(why);
    }

    /// Each lane takes the next run when it is free.
    async fn repeatedly(&self, repeat: u64) -> Over {
        let mut busy = JoinSet::new();
        let next = Arc::new(AtomicU64::new(0));
        for lane in 0..self.0.taken.len() {
            let (lanes, next) = (Arc::clone(&self.0), Arc::clone(&next));
            busy.spawn(async move {
                while !lanes.shared.stop.is_cancelled()
                    && next.fetch_add(1, Ordering::Relaxed) < repeat
                {
                    lanes.run(lane, Admission::Queue).await;
                }
            });
        }
        while busy.join_next().await.is_some() {}
        self.why()
    }

    async fn by_the_clock(&self, every: Duration, admission: Admission, queue: usize) -> Over {
        let mut clock = tokio::time::interval(every);
        // What was missed while this process was stopped is not made up for at once.
        clock.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let (mut under_way, stats) = (JoinSet::new(), self.0.shared.stats());
        loop {
            tokio::select! {
                biased;
                () = self.0.shared.stop.cancelled() => break,
                // Before the clock, or one that is fast would never let them go.
                Some(_) = under_way.join_next() => continue,
                _ = clock.tick() => {}
            }
            let lanes = Arc::clone(&self.0);
            if admission == Admission::Queue {
                // In places, and behind those.
                let most = lanes.taken.len().saturating_add(queue);
                if stats.under_way() >= u64::try_from(most).unwrap_or(u64::MAX) {
                    stats.turned_away();
                } else {
                    let submitted = Submitted::new(&lanes.shared, false);
                    under_way.spawn(async move { lanes.run_in_any(submitted).await });
                }
                continue;
            }
            let lane = lanes.emptiest();
            // Of those that replace others, only the newest waits.
            if admission == Admission::Reject && lanes.taken[lane].load(Ordering::Relaxed) > 0 {
                stats.turned_away();
                continue;
            }
            under_way.spawn(async move { lanes.run(lane, admission).await });
        }
        while under_way.join_next().await.is_some() {}
        Over::Stopped
    }

    async fn again_and_again(&self, backoff: Backoff) -> Over {
        let mut replicas = JoinSet::new();
        for lane in 0..self.0.taken.len() {
            let lanes = Arc::clone(&self.0);
            replicas.spawn(async move { lanes.keep_running(lane, backoff).await });
        }
        let mut why = Over::Done;
        while let Some(completed) = replicas.join_next().await {
            if !matches!(completed, Ok(true)) {
                why = Over::Stopped;
            }
        }
        why
    }

    fn why(&self) -> Over {
        if self.0.shared.stop.is_cancelled() {
            Over::Stopped
        } else {
            Over::Done
        }
    }
}

impl Lanes {
    fn emptiest(&self) -> usize {
        let taken = |lane: &usize| self.taken[*lane].load(Ordering::Relaxed);
        (0..self.taken.len()).min_by_key(taken).unwrap_or(0)
    }

    /// One run in this lane, from when it is due to when it is over.
    async fn run(&self, lane: usize, admission: Admission) {
        let submitted = Submitted::new(&self.shared, false);
        self.submit(lane, admission.into(), submitted, TaskSpec::once)
            .await;
    }

    /// One run in the lane that is free first. A lane has a queue of its own, where it
    /// would wait for one that goes on for long though another lane is free.
    async fn run_in_any(&self, submitted: Arc<Submitted>) {
        let place = tokio::select! {
            biased;
            () = self.shared.stop.cancelled() => None,
            place = self.places.take() => place,
        };
        match place {
            Some(place) => {
                self.submit(
                    place.lane,
                    AdmissionPolicy::Queue,
                    submitted,
                    TaskSpec::once,
                )
                .await;
            }
            None => submitted.over(false),
        }
    }

    /// A run, and another one after each failure. Whether the last one succeeded.
    async fn keep_running(&self, lane: usize, backoff: Backoff) -> bool {
        let submitted = Submitted::new(&self.shared, true);
        let outcome = self.submit(lane, AdmissionPolicy::Queue, submitted, |name, task| {
            let spec = TaskSpec::restartable(name, task).with_max_retries(backoff.max_retries);
            // Whoever made the plan has looked at the numbers.
            spec.with_backoff(backoff.policy().unwrap_or_default())
        });
        matches!(outcome.await, Some(TaskOutcome::Completed))
    }

    async fn submit(
        &self,
        lane: usize,
        admission: AdmissionPolicy,
        submitted: Arc<Submitted>,
        spec: impl FnOnce(String, taskvisor::TaskRef) -> TaskSpec,
    ) -> Option<TaskOutcome> {
        let (name, life) = (&self.shared.plan.name, self.life);
        let number = self.submitted.fetch_add(1, Ordering::Relaxed);
        self.taken[lane].fetch_add(1, Ordering::Relaxed);
        let spec = spec(format!("{name}/{life}/{number}"), submitted.task());
        let slot = format!("{name}/{life}/{lane}");
        let spec = ControllerSpec::new(admission, spec).with_slot(slot);
        let outcome = match self.supervisor.submit(spec).watch().execute().await {
            Ok(waiter) => self.watch(waiter).await,
            // It is shutting down: nothing begins any more.
            Err(_) => None,
        };
        self.taken[lane].fetch_sub(1, Ordering::Relaxed);
        submitted.over(!self.shared.stop.is_cancelled());
        outcome
    }

    /// Waits until it is over, and cancels it when the task is to stop.
    async fn watch(&self, waiter: TaskWaiter) -> Option<TaskOutcome> {
        let id = waiter.id();
        let over = waiter.wait();
        tokio::pin!(over);
        tokio::select! {
            biased;
            outcome = &mut over => return outcome.ok(),
            () = self.shared.stop.cancelled() => {}
        }
        // Wherever it is: in a queue, in a pause, or in the guest.
        let _ = self.supervisor.remove(id).execute().await;
        over.await.ok()
    }
}
