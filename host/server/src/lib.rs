//! Runs WebAssembly components on schedules, supervised, and serves their metrics: the
//! library of `solti-metrics serve`.
//!
//! A [`Configuration`] names tasks, backends and the HTTP server. A [`Server`] runs it in
//! your tokio program, with additional backends of your own, until you stop it:
//!
//! ```
//! use std::path::Path;
//! use std::sync::Arc;
//!
//! use solti_metrics::{MemoryMetrics, RunnerType, TaskOutcome};
//! use solti_metrics_server::{Configuration, Server};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let configuration = r#"
//!         [server]
//!         listen = "127.0.0.1:0"
//!
//!         [compilation]
//!         cache = false
//!
//!         [tasks.hello]
//!         component = "hello.wasm"
//!         schedule = "interval"
//!         interval = "1h"
//!     "#;
//! #     let dir = tempfile::tempdir()?;
//! #     std::fs::write(dir.path().join("hello.wasm"), hello()?)?;
//! #     let folder = dir.path();
//! #     /*
//!     let folder = Path::new("components");
//! #     */
//!     let configuration = Configuration::parse(configuration, folder)?;
//!
//!     let mine = Arc::new(MemoryMetrics::new());
//!     let server = Server::builder(configuration)
//!         .backend(mine.clone())
//!         .build()
//!         .await?;
//!     server.start().await?;
//!     println!("scrape http://{}/metrics", server.address().expect("it listens"));
//!
//! // Your program goes here.
//! #     while mine.completed(RunnerType::Wasm, TaskOutcome::Success) == 0 {
//! #         tokio::task::yield_now().await;
//! #     }
//!
//!     for (source, ledger) in server.stop().await {
//!         println!("{source}: {} records, {} lost", ledger.accepted(), ledger.dropped_total());
//!     }
//! #     assert_eq!(mine.completed(RunnerType::Wasm, TaskOutcome::Success), 1);
//!     Ok(())
//! }
//! #
//! # /// A component that the author of a guest would send.
//! # fn hello() -> Result<Vec<u8>, wat::Error> {
//! #     wat::parse_str(include_str!("hello.wat"))
//! # }
//! ```
//!
//! # Responsibilities of the embedder
//!
//! - **Signals.** [`Server::reload`] and [`Server::stop`] are calls.
//! - **The log.** The server emits events of `tracing`; [`Configuration::log`] has the
//!   log settings of the operator.
//! - **The process.** Components are compiled in the process of the server, unless
//!   [`ServerBuilder::compiler`] names a program that compiles them within limits. No
//!   process-wide state is set.
//!
//! # Modules and types
//!
//! - [`engine`] runs tasks on schedules, without a configuration.
//! - [`http`] serves pages that no client can block.
//! - [`Component`] is a backend or middleware that was loaded from a file. It can be
//!   replaced by the later content of the file.
//! - [`time`] parses durations.
//!
//! Calls that fail return an [`Error`], or a list where several parts can fail:
//! [`ConfigErrors`], [`ServerStartError`] and [`ReloadError`].

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(not(target_os = "linux"))]
compile_error!("solti-metrics-server supports Linux only");

mod api;
mod backend_ledgers;
mod backends;
mod check;
mod collector;
mod compilation_settings;
mod component;
mod config;
mod dir;
mod drain;
mod draining_backends;
pub mod engine;
mod error;
mod error_list;
mod exported_metrics;
mod fan_out;
mod grant;
mod granted_component;
pub mod http;
mod ledger_row;
mod limits;
mod line_splitter;
mod live;
mod native_exporter;
mod not_applied;
mod notices;
mod printed;
mod programs;
mod reading;
mod reload;
mod reload_error;
mod retired;
mod running_backend;
mod running_tasks;
mod server;
mod server_start_error;
mod site;
mod start;
mod task_counts;
mod task_samples;
mod task_views;
pub mod time;

pub use check::Checked;
pub use compilation_settings::{CompilationSettings, default_cache};
pub use component::{Component, ComponentOptions, ComponentSpec};
pub use config::{ConfigError, ConfigErrors, Configuration, Level, Log, LogFormat, schema};
pub use dir::Dir;
pub use drain::drain;
pub use error::Error;
pub use exported_metrics::ExportedMetrics;
pub use fan_out::fan_out;
pub use grant::Grant;
pub use granted_component::GrantedComponent;
pub use ledger_row::LedgerRow;
pub use limits::{ComponentLimits, MOST_TABLE_ELEMENTS};
pub use not_applied::{NotApplied, Remains};
pub use notices::{Notices, TracedNotices};
pub use reload_error::ReloadError;
pub use server::{Server, ServerBuilder};
pub use server_start_error::ServerStartError;
