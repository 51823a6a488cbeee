//! Runs components as tasks: bounded, asynchronous, cancellable, and itself a
//! source of metrics.
//!
//! Anything that exports `wasi:cli/run`, of WASI 0.2 or 0.3, can be run, and that is
//! every ordinary `main`. A component is loaded once and run as often as you like, many at a
//! time:
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
//! # What a program runs on
//!
//! A component that needs component-model async, as programs of WASI 0.3 do, runs on an
//! engine for that; all others on one that is tuned for records.
//! [`Inspection::needs_async`](crate::component::Inspection::needs_async) says why. To the
//! outside both are the same, except that no [`Pool`] has room for the former, and that
//! wasmtime calls its WASI 0.3 experimental.
//!
//! # What a runner records
//!
//! For each task, with the runner type `wasm`: *started* when the guest's `main`
//! is about to be called, and *completed* however it ends, with the time since
//! then. What goes wrong before is a *runner error*:
//! [`LoadError`](crate::component::LoadError) is `module_load_failed`, [`SpawnError`] says
//! its kind itself. A task whose future is dropped ends as canceled.

mod builder;
mod entry;
mod error;
mod exit;
mod fuel;
mod lifecycle;
mod linker;
mod machine;
mod path;
mod pool;
mod program;
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
pub use path::{Path, RecordingMode};
pub use pool::Pool;
pub use program::Program;
pub use report::{TaskEnd, TaskReport};
pub use run::Runner;
pub use stdin::Stdin;
pub use task::Task;
pub use tokio_util::sync::CancellationToken;
pub use usage::TaskUsage;
