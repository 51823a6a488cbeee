//! Runs tasks under supervision: schedules, the number of concurrent runs, and admission.
//!
//! `taskvisor` supervises, as in native runners. A run is a task of `taskvisor`, and each
//! concurrent run of a task has a slot. A task that may run three times concurrently has
//! three slots. The engine adds the features that `taskvisor` does not have:
//!
//! - **A clock.** Periodic tasks of `taskvisor` wait from the end of a run to the next
//!   one, so runs never overlap and admission has no effect. The engine has a monotonic
//!   clock, which submits a run at each tick.
//! - **Concurrent runs of one task.** A slot of `taskvisor` has one owner and its own
//!   queue. Here, waiting runs share one queue and take the first free slot. Other runs
//!   go to the slot with the fewest runs.
//! - **A limit on waiting runs for each task.** `taskvisor` has one limit for all slots.
//!   The engine checks the limit of the task before it submits a run.
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

mod feed;
mod free_slots;
mod job;
mod plan;
mod run;
mod run_outcome;
mod stats;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use solti_metrics_host::runner::{CancellationToken, Runner, SpawnError, TaskReport};
use solti_metrics_host::wasi::Output;
use taskvisor::{ControllerConfig, RuntimeError, Supervisor, SupervisorConfig, SupervisorHandle};

use crate::error::Error;

pub use job::Job;
pub use plan::{Admission, Jitter, Plan, RestartBackoff, Schedule};
pub use run_outcome::RunOutcome;
pub(crate) use stats::RunCounts;
pub use stats::{History, LastRun, Snapshot, TaskStatus};

/// Maximum number of runs of all tasks, including waiting runs.
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
    /// When the supervisor rejects these numbers, or there is no runtime.
    pub fn start(
        runner: Runner,
        concurrency: Option<NonZeroUsize>,
        shutdown_timeout: Duration,
    ) -> Result<Self, Error> {
        let limits = SupervisorConfig::default()
            .with_max_concurrent(concurrency)
            .with_max_registered_tasks(Some(MOST_RUNS))
            .with_ownership_capacity(Some(MOST_RUNS))
            .with_grace(shutdown_timeout);
        let controller = ControllerConfig::new(MOST_RUNS, MOST_RUNS.get());
        let supervisor = Supervisor::builder(limits)
            .with_controller(controller)
            .try_build()
            .map_err(Error::supervise)?;
        Ok(Self {
            supervisor: supervisor.serve().map_err(Error::supervise)?,
            runner,
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

    /// Returns a number that no other task of the supervisor has.
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
