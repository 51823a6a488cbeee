//! Resources that tasks use.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use cpu_time::ThreadTime;

/// Resources that the runs of a task have used: a shared, live view.
///
/// All runs of a [`Task`](super::Task) with the same usage add up in it while they run. Tasks that
/// could not be started are included. Clones share the usage: any thread may keep and read one.
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

/// The values are independent of each other, so their accesses are relaxed. A thread that has
/// waited for a run sees all values of that run.
#[derive(Debug, Default)]
struct Used {
    cpu_nanos: AtomicU64,
    host_calls: AtomicU64,
    /// Whether fuel was counted at all.
    fueled: AtomicBool,
    fuel: AtomicU64,
    /// Peak memory, which the limiter of each run shares.
    peak_memory: Arc<AtomicU64>,
}

impl TaskUsage {
    /// Usage without runs.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Processor time that threads of the host spent on the guest: on its instantiation, on its
    /// `main`, and on the work that it makes the host do on the same thread. This includes most
    /// host functions, and the records that a backend takes at once.
    ///
    /// The time excludes work of the host on other threads, such as file access. The time also
    /// excludes work before and after the run: applying grants, and making and dropping the store.
    /// The value grows whenever the guest yields its thread: at a tick of 10 ms, when it waits, and
    /// when it ends.
    #[must_use]
    pub fn cpu_time(&self) -> Duration {
        Duration::from_nanos(self.used.cpu_nanos.load(Ordering::Relaxed))
    }

    /// Number of times that guests called a function of the host, or returned a resource to it.
    ///
    /// In the direct mode each record is such a call; in the inline mode none is. Internal work of
    /// wasmtime, such as growing a memory, is not a call. The functions of WASI 0.3 are
    /// asynchronous: some of their calls are not seen, and some are seen more than once, so for
    /// them the number is approximate.
    #[must_use]
    pub fn host_calls(&self) -> u64 {
        self.used.host_calls.load(Ordering::Relaxed)
    }

    /// Fuel that guests consumed, as wasmtime counts it: about one for each instruction, including
    /// those of the shim of the inline mode. `None` before the first run of a runner that [counts
    /// fuel](super::RunnerBuilder::fuel).
    ///
    /// The value grows at each tick of 10 ms, and can lack up to ten million then. At the end of a
    /// run it is exact, unless a trap, a deadline or a cancellation ended the run. If the future of
    /// a run was dropped, the fuel since the last tick is missing.
    #[must_use]
    pub fn fuel(&self) -> Option<u64> {
        let fueled = self.used.fueled.load(Ordering::Relaxed);
        fueled.then(|| self.used.fuel.load(Ordering::Relaxed))
    }

    /// Peak memory of any single run, in bytes, as
    /// [`Limits::memory`](crate::limits::Limits::memory) counts it.
    #[must_use]
    pub fn peak_memory(&self) -> u64 {
        self.used.peak_memory.load(Ordering::Relaxed)
    }

    pub(super) fn peak(&self) -> &Arc<AtomicU64> {
        &self.used.peak_memory
    }
}

/// Usage of one run, and the usage to which it is added.
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

    /// Usage of this run alone.
    pub(super) fn own(&self) -> &TaskUsage {
        &self.own
    }

    /// Usage to which this run is added, if that was requested.
    pub(super) fn sum(&self) -> Option<&TaskUsage> {
        self.sum.as_ref()
    }

    /// Counts a call of the host.
    pub(super) fn called(&self) {
        self.each(|used| {
            used.host_calls.fetch_add(1, Ordering::Relaxed);
        });
    }

    /// Sets the fuel that the guest has consumed since its start.
    pub(super) fn consumed(&self, fuel: u64) {
        // Only the thread that polls the run changes its own usage.
        let before = self.own.used.fuel.load(Ordering::Relaxed);
        let more = fuel.saturating_sub(before);
        self.each(|used| {
            used.fuel.fetch_add(more, Ordering::Relaxed);
            used.fueled.store(true, Ordering::Relaxed);
        });
    }

    /// Polls a guest's work, and adds the processor time of each poll.
    ///
    /// The measurement reads a clock twice for each poll, and polls end at ticks and waits. Reading
    /// the clock of a thread costs a system call, so the time is only measured if a usage adds it
    /// up.
    pub(super) async fn over<T>(&self, work: impl Future<Output = T>) -> T {
        if self.sum.is_none() {
            return work.await;
        }
        let mut work = pin!(work);
        poll_fn(|context| {
            let started = thread_time();
            let polled = work.as_mut().poll(context);
            if let (Some(started), Some(ended)) = (started, thread_time()) {
                self.spent(ended.saturating_sub(started));
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

/// Processor time of this thread; `None` on a system that does not count it.
fn thread_time() -> Option<Duration> {
    ThreadTime::try_now().ok().map(|time| time.as_duration())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_of_runs_adds_up_and_each_run_has_its_own() {
        let sum = TaskUsage::new();
        assert_eq!(sum.fuel(), None);
        let runs = [(); 2].map(|()| RunUsage::new(Some(sum.clone())));
        for run in &runs {
            run.called();
            run.spent(Duration::from_nanos(5));
            // The number is a total, and may be reported twice.
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
    fn a_run_without_a_sum_has_its_own_usage() {
        let run = RunUsage::new(None);
        run.called();
        assert_eq!(run.own().host_calls(), 1);
        assert_eq!(run.own().fuel(), None);
    }
}
