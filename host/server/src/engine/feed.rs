//! Makes the runs of one task due, by its schedule.

use std::sync::Arc;
use std::time::Duration;

use taskvisor::{SupervisorHandle, TaskOutcome, TaskSpec};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use super::due_runs::DueRuns;
use super::kept_run::KeptRun;
use super::registrar::Registrar;
use super::replaceable_slot::ReplaceableSlot;
use super::run::RunContext;
use super::run_queue::RunQueue;
use super::stats::FinalState;
use super::worker::Worker;
use super::{Admission, RestartBackoff, Schedule};

/// Makes the runs of one task due, and gives each slot a worker.
pub(super) struct Feed(Arc<Registrar>);

impl Feed {
    /// `life` is a number that no other task of the supervisor has.
    pub(super) fn new(supervisor: SupervisorHandle, life: u64, context: &Arc<RunContext>) -> Self {
        Self(Arc::new(Registrar::new(supervisor, life, context)))
    }

    /// Returns when the task is over.
    pub(super) async fn feed(self) {
        let context = self.0.context();
        let slots = context.plan.concurrency.get();
        let why = match &context.plan.schedule {
            Schedule::Once { repeat } => self.repeatedly(repeat.get(), slots).await,
            Schedule::Interval {
                interval,
                admission: Admission::Replace,
                ..
            } => self.replacing(*interval, slots).await,
            Schedule::Interval {
                interval,
                admission: Admission::Queue,
                queue_capacity,
            } => self.queuing(*interval, slots, *queue_capacity).await,
            Schedule::Interval {
                interval,
                admission: Admission::Reject,
                ..
            } => self.queuing(*interval, slots, 0).await,
            Schedule::Restart { backoff } => self.restarting(*backoff, slots).await,
        };
        context.stats().over(why);
    }

    /// Each slot takes the next run when it is free.
    async fn repeatedly(&self, repeat: u64, slots: usize) -> FinalState {
        let runs = Arc::new(DueRuns::repeated(repeat));
        let most = usize::try_from(repeat).unwrap_or(usize::MAX);
        let mut workers = self.start_workers((0..slots.min(most)).map(|_| Arc::clone(&runs)));
        while workers.join_next().await.is_some() {}
        self.give_up(&runs);
        if self.0.context().is_closed() {
            FinalState::Stopped
        } else {
            FinalState::Done
        }
    }

    /// A due run takes the first free slot. Otherwise it waits, or is rejected.
    async fn queuing(&self, interval: Duration, slots: usize, capacity: usize) -> FinalState {
        let stats = self.0.context().stats();
        let queue = Arc::new(RunQueue::new(slots, capacity));
        let runs = Arc::new(DueRuns::Queued(Arc::clone(&queue)));
        let workers = self.start_workers((0..slots).map(|_| Arc::clone(&runs)));
        self.at_intervals(interval, workers, || queue.admit(stats))
            .await;
        self.give_up(&runs);
        FinalState::Stopped
    }

    /// A due run takes the slot with the fewest runs, and only the newest run waits there.
    async fn replacing(&self, interval: Duration, slots: usize) -> FinalState {
        let stats = self.0.context().stats();
        let slots = (0..slots).map(|_| Arc::new(ReplaceableSlot::default()));
        let slots: Vec<_> = slots.collect();
        let runs = slots.iter().cloned().map(DueRuns::Replaceable);
        let runs: Vec<_> = runs.map(Arc::new).collect();
        let workers = self.start_workers(runs.iter().cloned());
        self.at_intervals(interval, workers, || {
            if let Some(least) = slots.iter().min_by_key(|slot| slot.taken()) {
                least.admit(stats);
            }
        })
        .await;
        runs.iter().for_each(|runs| self.give_up(runs));
        FinalState::Stopped
    }

    /// Calls `due` at each tick, until the task is stopped.
    async fn at_intervals(&self, interval: Duration, mut workers: JoinSet<()>, due: impl Fn()) {
        let mut clock = tokio::time::interval(interval);
        // Ticks that were missed while the process was stopped are skipped.
        clock.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let stop = self.0.context().stop.cancelled();
        tokio::pin!(stop);
        loop {
            tokio::select! {
                biased;
                () = &mut stop => break,
                ended = workers.join_next() => match ended {
                    Some(_) => {}
                    // The supervisor shuts down.
                    None => break,
                },
                _ = clock.tick() => due(),
            }
        }
        while workers.join_next().await.is_some() {}
    }

    /// Gives each slot a worker for its due runs.
    fn start_workers(&self, slots: impl Iterator<Item = Arc<DueRuns>>) -> JoinSet<()> {
        let mut workers = JoinSet::new();
        for runs in slots {
            workers.spawn(keep_worker(Arc::clone(&self.0), runs));
        }
        workers
    }

    /// Runs that never started count as rejected, unless the task was stopped.
    fn give_up(&self, runs: &DueRuns) {
        let context = self.0.context();
        runs.give_up(context.stats(), !context.is_closed());
    }

    async fn restarting(&self, backoff: RestartBackoff, slots: usize) -> FinalState {
        let mut replicas = JoinSet::new();
        for _ in 0..slots {
            replicas.spawn(keep_running(Arc::clone(&self.0), backoff));
        }
        let mut why = FinalState::Done;
        while let Some(completed) = replicas.join_next().await {
            if !matches!(completed, Ok(true)) {
                why = FinalState::Stopped;
            }
        }
        why
    }
}

/// Registers a worker for a slot. A worker whose run panicked or was replaced has a
/// successor.
async fn keep_worker(registrar: Arc<Registrar>, runs: Arc<DueRuns>) {
    let context = registrar.context();
    while runs.has_more() && !context.is_closed() {
        let task = Worker::task(context, &runs);
        let worker = registrar.occupy(|name| TaskSpec::once(name, task), runs.replaced());
        if worker.await.is_none() {
            break;
        }
    }
}

/// Runs the task, and restarts it after each failure. Returns whether the last run
/// succeeded.
async fn keep_running(registrar: Arc<Registrar>, backoff: RestartBackoff) -> bool {
    let context = registrar.context();
    let run = KeptRun::new(context);
    let spec = |name| {
        let spec = TaskSpec::restartable(name, run.task()).with_max_retries(backoff.max_retries);
        // The creator of the plan has checked the numbers.
        spec.with_backoff(backoff.policy().unwrap_or_default())
    };
    let outcome = registrar.occupy(spec, std::future::pending()).await;
    run.over();
    let completed = matches!(outcome, Some(TaskOutcome::Completed));
    if let (false, Some(retries)) = (completed, backoff.max_retries)
        && !context.stop.is_cancelled()
    {
        let task = &*context.plan.name;
        tracing::warn!(
            task,
            retries = retries.get(),
            "task stopped: the last retry has failed"
        );
    }
    completed
}
