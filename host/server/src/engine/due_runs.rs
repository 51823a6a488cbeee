//! Runs of a task that are due, and the slots that take them.

use std::sync::Arc;

use super::replaceable_slot::ReplaceableSlot;
use super::run::{Run, RunContext};
use super::run_queue::RunQueue;
use super::stats::Stats;
use super::sync::{AtomicU64, Ordering};

/// Due runs of a task.
pub(super) enum DueRuns {
    /// A number of runs. Each is due when a slot is free.
    Repeated {
        /// Number of runs that are not due yet. Each slot takes a run with one update. No
        /// other value depends on the number, so all accesses are relaxed.
        left: AtomicU64,
    },
    /// Runs that wait for the first free slot.
    Queued(Arc<RunQueue>),
    /// Runs of one slot, of which the newest one waits.
    Replaceable(Arc<ReplaceableSlot>),
}

impl DueRuns {
    pub(super) fn repeated(repeat: u64) -> Self {
        Self::Repeated {
            left: AtomicU64::new(repeat),
        }
    }

    /// A worker starts to take runs for a slot. Returns the number of the worker.
    pub(super) fn enter(&self) -> u64 {
        match self {
            Self::Repeated { .. } | Self::Queued(_) => 0,
            Self::Replaceable(slot) => slot.enter(),
        }
    }

    /// Whether a further worker would find runs.
    pub(super) fn has_more(&self) -> bool {
        match self {
            Self::Repeated { left } => left.load(Ordering::Relaxed) > 0,
            Self::Queued(_) | Self::Replaceable(_) => true,
        }
    }

    /// Takes the next run, or waits for it. `None` if this worker must end.
    pub(super) async fn next<'a>(
        &'a self,
        context: &'a RunContext,
        worker: u64,
    ) -> Option<DueRun<'a>> {
        match self {
            Self::Repeated { left } => {
                let less = |left: u64| left.checked_sub(1);
                left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
                    .ok()?;
                context.stats().due();
            }
            Self::Queued(queue) => {
                if !queue.take().await {
                    return None;
                }
            }
            Self::Replaceable(slot) => {
                if !slot.due(worker).await {
                    return None;
                }
            }
        }
        Some(DueRun {
            context,
            runs: self,
            worker,
            started: false,
        })
    }

    /// Waits until a due run replaces the current run of the slot.
    pub(super) async fn replaced(&self) {
        match self {
            Self::Repeated { .. } | Self::Queued(_) => std::future::pending().await,
            Self::Replaceable(slot) => slot.replaced().await,
        }
    }

    /// No worker takes runs any more. Waiting runs stop waiting. `rejected` is whether
    /// runs that never started count as rejected.
    pub(super) fn give_up(&self, stats: &Stats, rejected: bool) {
        match self {
            Self::Repeated { left } => {
                let left = left.swap(0, Ordering::Relaxed);
                if rejected {
                    stats.rejected(left);
                }
            }
            Self::Queued(queue) => {
                (0..queue.give_up()).for_each(|_| stats.never_started(rejected));
            }
            Self::Replaceable(slot) => {
                if slot.give_up() {
                    stats.never_started(rejected);
                }
            }
        }
    }
}

/// A run that a worker has taken. It waits until it starts, and occupies the slot until
/// this value is dropped.
pub(super) struct DueRun<'a> {
    context: &'a RunContext,
    runs: &'a DueRuns,
    worker: u64,
    started: bool,
}

impl<'a> DueRun<'a> {
    /// Starts the run.
    pub(super) fn start(&mut self) -> Run<'a> {
        self.started = true;
        if let DueRuns::Replaceable(slot) = self.runs {
            slot.started(self.worker);
        }
        Run::start(self.context)
    }
}

impl Drop for DueRun<'_> {
    fn drop(&mut self) {
        match self.runs {
            DueRuns::Repeated { .. } => {}
            DueRuns::Queued(queue) => queue.ended(),
            DueRuns::Replaceable(slot) => slot.ended(self.worker),
        }
        if !self.started {
            let rejected = !self.context.is_closed();
            self.context.stats().never_started(rejected);
        }
    }
}
