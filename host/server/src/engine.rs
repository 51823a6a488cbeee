//! Runs tasks under supervision: schedules, the number of concurrent runs, and admission.
//!
//! `taskvisor` supervises, as in native runners: it starts, removes and aborts the workers
//! of tasks, restarts failed runs after a backoff, and shuts all of them down. Each
//! concurrent run of a task has a slot. A task that may run three times concurrently has
//! three slots. The engine adds the features that `taskvisor` does not have:
//!
//! - **Workers.** A slot is one task of `taskvisor`, whose worker executes many runs. A
//!   task of `taskvisor` for each run would cost a registration, which wakes several
//!   threads. A panic ends the worker, and the slot gets another one. With the schedule
//!   `restart`, each run is an attempt of `taskvisor`.
//! - **A clock.** Periodic tasks of `taskvisor` wait from the end of a run to the next
//!   one, so runs never overlap and admission has no effect. The engine has a monotonic
//!   clock, and a run is due at each tick.
//! - **Admission.** Waiting runs share one queue for all slots of their task, and take the
//!   first free slot. With `replace`, a due run goes to the slot with the fewest runs, and
//!   the supervisor removes the worker of the current run.
//! - **A limit on concurrent runs of all tasks.** The limit of `taskvisor` counts workers,
//!   including those that wait for a run. The engine has a permit for each run.
//! - **Timeouts.** A timeout of `taskvisor` drops the future, which looks like a
//!   cancellation. The runner has a timeout that is recorded as a timeout.
//!
//! ```
//! use std::error::Error;
//! use std::num::{NonZeroU64, NonZeroUsize};
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use solti_metrics::{MemoryMetrics, RunnerType, TaskOutcome};
//! use solti_metrics_host::runner::{Runner, SpawnError, Task, TaskReport};
//! use solti_metrics_host::wasi::Output;
//! use solti_metrics_server::engine::{Engine, History, Observer, Plan, Printing, Schedule};
//!
//! struct Ends;
//!
//! impl Observer for Ends {
//!     fn starts(&self) -> Printing {
//!         Printing {
//!             stdout: Output::Discard,
//!             stderr: Output::Discard,
//!             finish: Box::new(|| {}),
//!         }
//!     }
//!
//!     fn ended(&self, result: Result<TaskReport, SpawnError>) {
//!         match result {
//!             Ok(report) => println!("{} after {:?}", report.end, report.duration),
//!             Err(error) => println!("start failed: {error}"),
//!         }
//!     }
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn Error>> {
//!     let metrics = Arc::new(MemoryMetrics::new());
//!     let runner = Runner::builder(metrics.clone()).build()?;
//! #   let bytes = wat::parse_str(include_str!("hello.wat"))?;
//! #   /*
//!     let bytes = std::fs::read("hello.wasm")?;
//! #   */
//!     let plan = Plan {
//!         name: "hello".into(),
//!         program: runner.load("hello", &bytes)?,
//!         task: Task::new(),
//!         schedule: Schedule::Once {
//!             repeat: NonZeroU64::try_from(3)?,
//!         },
//!         concurrency: NonZeroUsize::MIN,
//!         history: History::default(),
//!     };
//!     let engine = Engine::start(runner, None, Duration::from_secs(10))?;
//!     let job = engine.start_task(plan, Arc::new(Ends));
//!     job.over().await;
//!     engine.stop().await;
//!     assert_eq!(metrics.completed(RunnerType::Wasm, TaskOutcome::Success), 3);
//!     Ok(())
//! }
//! ```

mod due_runs;
mod feed;
mod job;
mod kept_run;
mod plan;
mod registrar;
mod replaceable_slot;
mod restart_state;
mod run;
mod run_outcome;
mod run_queue;
mod run_report;
mod stats;
mod sync;
mod worker;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use solti_metrics_host::runner::{CancellationToken, Runner, SpawnError, TaskReport};
use solti_metrics_host::wasi::Output;
use taskvisor::{RuntimeError, Supervisor, SupervisorConfig, SupervisorHandle};
use tokio::sync::Semaphore;

use crate::error::Error;

pub use job::Job;
pub use plan::{Admission, Jitter, Plan, RestartBackoff, Schedule};
pub use run_outcome::RunOutcome;
pub(crate) use stats::RunCounts;
pub use stats::{History, LastRun, Snapshot, TaskStatus};

/// Maximum number of slots of all tasks together, and of waiting runs of each task.
pub const MOST_RUNS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(16_383);

/// Observes every run of a task.
pub trait Observer: Send + Sync + 'static {
    /// A run is about to start. Returns the outputs of the run.
    fn starts(&self) -> Printing;

    /// The run ended, or could not start.
    fn ended(&self, result: Result<TaskReport, SpawnError>);
}

/// Outputs of one run.
pub struct Printing {
    /// Destination of standard output.
    pub stdout: Output,
    /// Destination of standard error.
    pub stderr: Output,
    /// Called after the last output of the run.
    pub finish: Box<dyn FnOnce() + Send>,
}

/// Supervises runs of all tasks. Clones share the supervisor.
#[derive(Clone)]
pub struct Engine {
    supervisor: SupervisorHandle,
    runner: Runner,
    /// A permit for each concurrent run of all tasks.
    permits: Arc<Semaphore>,
    closed: CancellationToken,
    /// Number of tasks that were started.
    lives: Arc<AtomicU64>,
}

impl Engine {
    /// Starts the engine. `concurrency` is the maximum number of concurrent runs of all
    /// tasks. `shutdown_timeout` is the maximum time for runs to stop after they are
    /// canceled. A guest stops at its next epoch tick; only a host call that does not
    /// return takes longer. This needs a tokio runtime.
    ///
    /// # Errors
    ///
    /// When the supervisor cannot start, or there is no runtime.
    pub fn start(
        runner: Runner,
        concurrency: Option<NonZeroUsize>,
        shutdown_timeout: Duration,
    ) -> Result<Self, Error> {
        // The checks of a configuration limit the number of slots. An abandoned run keeps
        // its registration until it ends, and must not take that of another slot.
        let limits = SupervisorConfig::default()
            .with_max_registered_tasks(None)
            .with_ownership_capacity(None)
            .with_grace(shutdown_timeout);
        let supervisor = Supervisor::builder(limits)
            .try_build()
            .map_err(Error::supervise)?;
        let permits = concurrency.map_or(Semaphore::MAX_PERMITS, NonZeroUsize::get);
        Ok(Self {
            supervisor: supervisor.serve().map_err(Error::supervise)?,
            runner,
            permits: Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS))),
            closed: CancellationToken::new(),
            lives: Arc::default(),
        })
    }

    /// Prevents the start of further runs of all tasks. Call this before tasks are
    /// stopped one by one: otherwise the next task takes the slot of a stopped one.
    pub fn close(&self) {
        self.closed.cancel();
    }

    /// Starts a task, which then runs as its plan says. This needs a tokio runtime.
    pub fn start_task(&self, plan: Plan, observer: Arc<dyn Observer>) -> Job {
        Job::start(self, plan, observer)
    }

    /// Returns a number that no other task of the supervisor has. An addition in one step
    /// suffices for that.
    fn life(&self) -> u64 {
        self.lives.fetch_add(1, Ordering::Relaxed)
    }

    /// Cancels all runs. Returns whether all of them ended within the shutdown timeout.
    pub async fn stop(self) -> bool {
        !matches!(
            self.supervisor.shutdown().await,
            Err(RuntimeError::GraceExceeded { .. })
        )
    }
}

#[cfg(test)]
mod tests;
