//! Components as backends: a component in any language that exports
//! `solti:metrics/backend` is a [`MetricsBackend`](crate::MetricsBackend) here. A broken
//! component does not affect other backends, or the host.
//!
//! ```no_run
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use solti_metrics_host::provider::{BackendOptions, ComponentBackend, Grants, Providers};
//! use solti_metrics_host::{MetricsBackend, RunnerType};
//!
//! # fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let providers = Providers::new()?;
//! let grants = Grants::new().dir("out", "/out", solti_metrics_host::wasi::Access::ReadWrite);
//! let provider = providers.load_file("jsonl.wasm".as_ref(), &grants)?;
//! let backend = ComponentBackend::start(&provider, BackendOptions::new())?;
//!
//! // A `MetricsHandle` like any other.
//! backend.record_task_started(RunnerType::Wasm);
//!
//! backend.stop_blocking(Duration::from_secs(5));
//! let ledger = backend.status().ledger;
//! assert_eq!((ledger.accepted(), ledger.in_flight()), (1, 0));
//! # Ok(())
//! # }
//! ```
//!
//! # Delivery of a record
//!
//! Recording puts the record into a bounded queue and returns, without waiting. A
//! separate thread of the backend takes records out in batches, and calls the
//! component: once for a batch if it exports `solti:metrics/batch`, else once for
//! each record. Each call has a deadline.
//!
//! # Outcome of a record
//!
//! At every moment `accepted = delivered + dropped + in flight`, in
//! [`BackendStatus::ledger`]. A record is handed over **at most once**: records in the call
//! during which the component failed are dropped, with the failure as the reason, since the
//! host cannot know how many of them were processed. Records behind them stay in the queue,
//! for the next instance. *Delivered* means that the component took the record and returned;
//! data in the component's memory is lost with that memory.
//!
//! # Failures
//!
//! A trap, a call beyond its deadline, a limit or a panic discards the instance.
//! A new one is made after a pause that doubles with each failure
//! ([`RestartPolicy`]). Too many failures within a window open the circuit:
//! records are then dropped at once, until the next restart.
//!
//! # Middlewares
//!
//! A component that also imports `solti:metrics/backend` is a middleware: give
//! it the [next backend](BackendOptions::next), which may be a middleware too.

mod backend;
mod calls;
mod circuit;
#[cfg(feature = "prometheus")]
mod collector;
mod command;
mod contract;
mod error;
mod execute;
mod exporter;
mod failure;
mod grants;
mod handover;
#[cfg(feature = "wasi-http")]
mod http;
mod instance;
mod loaded;
mod options;
mod providers;
mod shape;
mod state;
mod status;
mod stderr_tail;
mod streams;
mod supervision;
mod worker;

pub use backend::ComponentBackend;
pub use circuit::RestartPolicy;
#[cfg(feature = "prometheus")]
pub use collector::BackendCollector;
pub use contract::OptionalInterfaces;
pub use error::{NotRunning, StartError};
pub use failure::BackendFailure;
pub use grants::Grants;
pub use loaded::Provider;
pub use options::BackendOptions;
pub use providers::{Providers, ProvidersBuilder};
pub use status::{BackendState, BackendStatus};
