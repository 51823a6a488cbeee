use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use cpu_time::ThreadTime;

/// What the runs of a task have used: a shared, live view.
///
/// All runs of a [`Task`](super::Task) that are given the same one add up in it, while
/// they go on, and so do those of tasks that could not be started. Clones share it:
/// keep one, and read it from any thread.
///
/// ```
/// use solti_metrics_host::runner::{Task, TaskUsage};
///
/// let usage = TaskUsage::new();
/// let mut task = Task::new();
/// task.usage = Some(usage.clone());
/// // … and after it was run, or meanwhile:
/// println!("{:?}, {} calls", usage.cpu_time(), usage.host_calls());
/// ```
#[derive(Debug, Clone, Default)]
pub struct TaskUsage {
    used: Arc<Used>,
}

#[derive(Debug, Default)]
struct Used {
    cpu_nanos: AtomicU64,
    host_calls: AtomicU64,
    /// Whether fuel was counted at all.
    fueled: AtomicBool,
    fuel: AtomicU64,
    /// Shared with the limiter of each run.
    peak_memory: Arc<AtomicU64>,
}

impl TaskUsage {
    /// Of no run yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Processor time that threads of the host have spent on the guest: on instantiating
    /// it and in its `main`, and on what it makes the host do on the same thread, which
    /// includes most of what it calls and the records that its backend takes at once.
    ///
    /// Not in it is what the host does on other threads, as it does with files, nor what
    /// is done before and after: granting, setting the store up, and letting go of it.
    /// It grows whenever the guest lets go of its thread: at a tick of 10 ms, when it
    /// waits, and when it ends.
    #[must_use]
    pub fn cpu_time(&self) -> Duration {
        Duration::from_nanos(self.used.cpu_nanos.load(Ordering::Relaxed))
    }

    /// How often guests called a function of the host, or gave back a resource of it.
    ///
    /// On the direct path each record is such a call; on the inline path none is. What
    /// wasmtime does by itself, such as growing a memory, is not a call. The functions of
    /// WASI 0.3 are asynchronous, and of those only some are seen, and some more than
    /// once: for them it is a hint, and no count.
    #[must_use]
    pub fn host_calls(&self) -> u64 {
        self.used.host_calls.load(Ordering::Relaxed)
    }

    /// What guests have executed, as wasmtime counts it: about one for each instruction,
    /// those of the shim of the inline path included. `None` before any run of a runner
    /// that [counts it](super::RunnerBuilder::fuel).
    ///
    /// It grows at each tick of 10 ms, and lacks up to ten million then; at the end of a
    /// run it is exact, unless a trap ended that, or somebody from outside. If the future
    /// of a run was dropped, what it executed since the last tick is missing.
    #[must_use]
    pub fn fuel(&self) -> Option<u64> {
        let fueled = self.used.fueled.load(Ordering::Relaxed);
        fueled.then(|| self.used.fuel.load(Ordering::Relaxed))
    }

    /// The most memory that any run had at a time, in bytes, as [`Limits::memory`](crate::limits::Limits::memory)
    /// counts it.
    #[must_use]
    pub fn peak_memory(&self) -> u64 {
        self.used.peak_memory.load(Ordering::Relaxed)
    }

    pub(super) fn peak(&self) -> &Arc<AtomicU64> {
        &self.used.peak_memory
    }
}

/// What one run uses, and where that is added up.
#[derive(Debug, Clone)]
pub(super) struct RunUsage {
    own: TaskUsage,
    sum: Option<TaskUsage>,
}

impl RunUsage {
    pub(super) fn new(sum: Option<TaskUsage>) -> Self {
        let own = TaskUsage::new();
        Self { own, sum }
    }

    /// Of this run alone.
    pub(super) fn own(&self) -> &TaskUsage {
        &self.own
    }

    /// Where it is added up, if that was asked for.
    pub(super) fn sum(&self) -> Option<&TaskUsage> {
        self.sum.as_ref()
    }

    /// The guest has called the host.
    pub(super) fn called(&self) {
        self.each(|used| {
            used.host_calls.fetch_add(1, Ordering::Relaxed);
        });
    }

    /// The guest has consumed so much fuel since it was started.
    pub(super) fn consumed(&self, fuel: u64) {
        let before = self.own.used.fuel.load(Ordering::Relaxed);
        let more = fuel.saturating_sub(before);
        self.each(|used| {
            used.fuel.fetch_add(more, Ordering::Relaxed);
            used.fueled.store(true, Ordering::Relaxed);
        });
    }

    /// Lets a guest go on, and counts the time of its thread at each turn.
    ///
    /// That is two looks at a clock for each turn, and turns end at ticks and waits. A
    /// clock of a thread costs a call of the system, so it is done where somebody adds
    /// it up.
    pub(super) async fn over<T>(&self, work: impl Future<Output = T>) -> T {
        if self.sum.is_none() {
            return work.await;
        }
        let mut work = pin!(work);
        poll_fn(|context| {
            let began = thread_time();
            let polled = work.as_mut().poll(context);
            if let (Some(began), Some(ended)) = (began, thread_time()) {
                self.spent(ended.saturating_sub(began));
            }
            polled
        })
        .await
    }

    fn spent(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.each(|used| {
            used.cpu_nanos.fetch_add(nanos, Ordering::Relaxed);
        });
    }

    fn each(&self, add: impl Fn(&Used)) {
        add(&self.own.used);
        if let Some(sum) = &self.sum {
            add(&sum.used);
        }
    }
}

/// None on a system that does not count it.
fn thread_time() -> Option<Duration> {
    ThreadTime::try_now().ok().map(|time| time.as_duration())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_use_adds_up_and_each_knows_its_own() {
        let sum = TaskUsage::new();
        assert_eq!(sum.fuel(), None);
        let runs = [(); 2].map(|()| RunUsage::new(Some(sum.clone())));
        for run in &runs {
            run.called();
            run.spent(Duration::from_nanos(5));
            // It says how much there is in all, and may say so twice.
            for fuel in [7, 7, 10] {
                run.consumed(fuel);
            }
        }
        for (usage, times) in [(runs[0].own(), 1), (runs[1].own(), 1), (&sum, 2)] {
            assert_eq!(usage.host_calls(), times);
            assert_eq!(usage.cpu_time(), Duration::from_nanos(5 * times));
            assert_eq!(usage.fuel(), Some(10 * times));
        }
    }

    #[test]
    fn a_run_that_nobody_adds_up_knows_its_own() {
        let run = RunUsage::new(None);
        run.called();
        assert_eq!(run.own().host_calls(), 1);
        assert_eq!(run.own().fuel(), None);
    }
}
