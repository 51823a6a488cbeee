//! Run WebAssembly components on schedules, supervised, and serve their metrics: what
//! `solti-metrics serve` is made of, as a library.
//!
//! A [`Configuration`] names tasks, backends and what is served. A [`Server`] runs it in
//! your own tokio program, beside whatever else that does, with backends of your own and
//! until you stop it:
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
//!         [artifacts]
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
//!     // Here goes what your program does until it is to end.
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
//! # /// Stands for a component that a guest's author sent you.
//! # fn hello() -> Result<Vec<u8>, wat::Error> {
//! #     wat::parse_str(include_str!("hello.wat"))
//! # }
//! ```
//!
//! # What it leaves to you
//!
//! - **Signals.** [`Server::reload`] and [`Server::stop`] are calls.
//! - **The log.** What there is to say are events of `tracing`; [`Configuration::log`] says
//!   what an operator wants to see of them.
//! - **The process.** Components are compiled in the server's own process unless
//!   [`ServerBuilder::compiler`] names a program that does it within limits. Nothing is set
//!   process-wide.
//!
//! # Parts
//!
//! - [`engine`] runs tasks on schedules, without a configuration.
//! - [`http`] serves pages that no client can hold up.
//! - [`Component`] is a backend or middleware that was loaded from a file, and can be
//!   replaced by what that file is later.
//! - [`time`] reads times as people write them.
//!
//! Calls that fail return an [`Error`], or a list of them where several parts can fail at
//! once: [`ConfigErrors`], [`StartError`] and [`ReloadError`].

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(not(target_os = "linux"))]
compile_error!("solti-metrics-server supports Linux only");

mod api;
mod check;
mod code;
mod collector;
mod component;
mod config;
mod dir;
mod drain;
pub mod engine;
mod error;
mod exported;
mod exporter;
mod grant;
pub mod http;
mod leaving;
mod ledger_row;
mod ledgers;
mod limits;
mod lines;
mod live;
mod member;
mod not_applied;
mod notices;
mod part;
mod printed;
mod programs;
mod reading;
mod receivers;
mod reload;
mod reload_error;
mod retired;
mod server;
mod site;
mod start;
mod start_error;
mod task_counts;
mod tasks;
pub mod time;
mod together;
mod told;

pub use check::Checked;
pub use code::{CodeWanted, default_cache};
pub use component::{Component, Options, Wanted};
pub use config::{ConfigError, ConfigErrors, Configuration, Level, Log, LogFormat, schema};
pub use dir::Dir;
pub use drain::drain;
pub use error::Error;
pub use exported::Exported;
pub use grant::Grant;
pub use ledger_row::LedgerRow;
pub use limits::{ComponentLimits, MOST_TABLE_ELEMENTS};
pub use not_applied::{NotApplied, Remains};
pub use notices::{Notices, TracedNotices};
pub use part::Part;
pub use reload_error::ReloadError;
pub use server::{Server, ServerBuilder};
pub use start_error::StartError;
pub use together::together;
