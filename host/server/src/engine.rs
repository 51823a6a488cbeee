//! Runs tasks under supervision: how often, how many at a time, and what becomes of
//! a run that is due while others go on.
//!
//! `taskvisor` supervises, as in native runners: a run is one of its tasks, and each
//! place in which a run of a task can be is one of its slots, here called a *lane*. So
//! a task that may run three times at once has three lanes. What it has no notion of
//! is done here:
//!
//! - **A clock.** Its periodic tasks wait from the end of a run to the next, so that
//!   two runs never meet, and nothing is left to admit. An interval is a clock of
//!   ours, of the monotonic kind, which submits a run at each tick.
//! - **Several runs of one task at a time.** A slot has one owner, and a queue of its
//!   own. So runs that may wait do so for all lanes together, and take the one that is
//!   free first; others go to the lane with the fewest before them.
//! - **How many runs of one task may wait.** Its limit is one for all slots, so a
//!   task's own is looked at before a run is submitted.
//! - **Deadlines.** Its own drops the future, which is a cancellation to whoever
//!   looks on. The runner has one that is recorded as what it is.
//!
//! ```
//! use std::error::Error;
//! use std::num::{NonZeroU64, NonZeroUsize};
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use solti_metrics::{MemoryMetrics, RunnerType, TaskOutcome};
//! use solti_metrics_host::runner::{Output, Runner, SpawnError, Task, TaskReport};
//! use solti_metrics_server::engine::{Engine, History, Observer, Plan, Printing, Schedule};
//!
//! struct Ends;
//!
//! impl Observer for Ends {
//!     fn begins(&self) -> Printing {
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
//!     let job = engine.begin(plan, Arc::new(Ends));
//!     job.over().await;
//!     engine.stop().await;
//!     assert_eq!(metrics.completed(RunnerType::Wasm, TaskOutcome::Success), 3);
//!     Ok(())
//! }
//! ```

mod ended;
mod feed;
mod job;
mod places;
mod plan;
mod run;
mod stats;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use solti_metrics_host::runner::{CancellationToken, Runner, SpawnError, TaskReport};
use solti_metrics_host::wasi::Output;
use taskvisor::{ControllerConfig, RuntimeError, Supervisor, SupervisorConfig, SupervisorHandle};

use crate::error::Error;

pub use ended::Ended;
pub use job::Job;
pub use plan::{Admission, Backoff, Jitter, Plan, Schedule};
pub use stats::{History, Last, Snapshot, State};

/// How many runs there may be, of all tasks, those that wait included.
pub const MOST_RUNS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(16_383);

/// Who is told of every run of a task.
pub trait Observer: Send + Sync + 'static {
    /// A run is about to begin: where does what it prints go?
    fn begins(&self) -> Printing;

    /// It has ended, or could not begin.
    fn ended(&self, result: Result<TaskReport, SpawnError>);
}

/// Where the output of one run goes.
pub struct Printing {
    /// Where standard output goes.
    pub stdout: Output,
    /// Where standard error goes.
    pub stderr: Output,
    /// Called when it prints no more.
    pub finish: Box<dyn FnOnce() + Send>,
}

/// Supervises runs of all tasks. Clones supervise together.
#[derive(Clone)]
pub struct Engine {
    supervisor: SupervisorHandle,
    runner: Runner,
    closed: CancellationToken,
    /// How many tasks it has begun with.
    lives: Arc<AtomicU64>,
}

impl Engine {
    /// `concurrency` is how many runs there may be at a time, of all tasks; `grace` is
    /// how long those that are asked to stop may take. A guest stops at its next tick,
    /// so whoever takes longer is a host call that does not return. This needs a tokio
    /// runtime.
    ///
    /// # Errors
    ///
    /// When the supervisor does not take these numbers, or there is no runtime.
    pub fn start(
        runner: Runner,
        concurrency: Option<NonZeroUsize>,
        grace: Duration,
    ) -> Result<Self, Error> {
        let limits = SupervisorConfig::default()
            .with_max_concurrent(concurrency)
            .with_max_registered_tasks(Some(MOST_RUNS))
            .with_ownership_capacity(Some(MOST_RUNS))
            .with_grace(grace);
        let lanes = ControllerConfig::new(MOST_RUNS, MOST_RUNS.get());
        let supervisor = Supervisor::builder(limits)
            .with_controller(lanes)
            .try_build()
            .map_err(Error::supervise)?;
        Ok(Self {
            supervisor: supervisor.serve().map_err(Error::supervise)?,
            runner,
            closed: CancellationToken::new(),
            lives: Arc::default(),
        })
    }

    /// Lets no run of any task begin from here on. Before tasks are asked to stop, one
    /// after the other: what one lets go of is not to be taken by the next.
    pub fn close(&self) {
        self.closed.cancel();
    }

    /// Begins with a task: from here on it runs as its plan says. This needs a tokio runtime.
    pub fn begin(&self, plan: Plan, observer: Arc<dyn Observer>) -> Job {
        Job::begin(self, plan, observer)
    }

    /// A number that no other task of the supervisor has.
    fn life(&self) -> u64 {
        self.lives.fetch_add(1, Ordering::Relaxed)
    }

    /// Ends what still runs, as canceled. Whether all of it ended in time.
    pub async fn stop(self) -> bool {
        !matches!(
            self.supervisor.shutdown().await,
            Err(RuntimeError::GraceExceeded { .. })
        )
    }
}
