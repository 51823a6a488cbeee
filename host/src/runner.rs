//! Runs components as tasks: bounded, asynchronous and cancellable. The runner records
//! metrics of its own.
//!
//! Any component that exports `wasi:cli/run`, of WASI 0.2 or 0.3, can run, which includes
//! every ordinary `main`. Load a component once, and run it any number of times, also
//! concurrently:
//!
//! ```no_run
//! use solti_metrics_host::runner::{Runner, Task, TaskEnd};
//! use solti_metrics_host::wasi::{Access, Output};
//! use solti_metrics_host::{MemoryMetrics, MetricsHandle, RunnerType};
//! use std::{sync::Arc, time::Duration};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let metrics = Arc::new(MemoryMetrics::new());
//! let runner = Runner::builder(metrics.clone() as MetricsHandle).build()?;
//! let program = runner.load_file("digest.wasm".as_ref())?;
//!
//! let task = Task::new()
//!     .arg("/src")
//!     .dir("src", "/src", Access::ReadOnly)
//!     .stdout(Output::Capture)
//!     .deadline(Duration::from_secs(5));
//!
//! let report = runner.run(&program, task).await?;
//! assert_eq!(report.end, TaskEnd::Exited { code: 0 });
//! assert!(metrics.started(RunnerType::Wasm) >= 1);
//! # Ok(())
//! # }
//! ```
//!
//! # Engines
//!
//! A component that needs component-model async, as programs of WASI 0.3 do, runs on an
//! engine for async; all others run on an engine that is tuned for records.
//! [`Inspection::needs_async`](crate::component::Inspection::needs_async) contains the
//! reason. Both engines behave the same, with two exceptions. The [`Pool`] has no slots for
//! async components, and wasmtime calls its WASI 0.3 experimental.
//!
//! # Records of a runner
//!
//! A runner records two events for each task, with the runner type `wasm`. *Started* is
//! recorded before the call of the guest's `main`, and *completed* after any end, with the
//! time since the start. An earlier failure is a *runner error*:
//! [`LoadError`](crate::component::LoadError) is `module_load_failed`, and
//! [`SpawnError::kind`] returns its kind. A task whose future is dropped ends as canceled.

mod builder;
mod entry;
mod error;
mod exit;
mod fuel;
mod lifecycle;
mod linker;
mod machine;
mod pool;
mod program;
mod recording_mode;
mod report;
mod run;
mod standard_input;
mod state;
mod stdin;
mod task;
mod usage;
mod watch;

pub use builder::RunnerBuilder;
pub use error::SpawnError;
pub use pool::Pool;
pub use program::Program;
pub use recording_mode::{ProgramRecording, RecordingMode};
pub use report::{TaskEnd, TaskReport};
pub use run::Runner;
pub use stdin::Stdin;
pub use task::Task;
pub use tokio_util::sync::CancellationToken;
pub use usage::TaskUsage;
