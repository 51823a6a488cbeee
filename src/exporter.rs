//! Exporters: backends that send records by themselves. All exporters have one queue, one
//! backoff, one status, and one rule for flushing and stopping.
//!
//! [`Exporter`] is the trait of such a backend. The other types are its components. An
//! exporter has a worker, a thread or a task, which sends:
//!
//! - [`Queue`] connects recording threads with the worker, and its ledger accounts for each
//!   record.
//! - [`Orders`] connect the owner of the exporter with the worker: flush, end.
//! - [`Attempts`] count the attempts to send, for the [`ExporterStatus`].
//! - [`Backoff`] determines the wait after a failure.
//! - [`Parker`] lets a thread wait for queue and orders, without a runtime.
//!
//! ```
//! use std::sync::{Arc, Mutex};
//! use std::thread;
//! use std::time::Duration;
//!
//! use solti_metrics::exporter::{Exporter, ExporterStatus, NotFlushed, Orders, Parker, Queue};
//! use solti_metrics::{Event, MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome};
//!
//! /// Sends records to a list, from a thread of its own.
//! struct Listed(Arc<Shared>);
//!
//! struct Shared {
//!     queue: Queue,
//!     orders: Orders,
//!     list: Mutex<Vec<Event>>,
//! }
//!
//! impl Listed {
//!     fn start() -> Self {
//!         let shared = Arc::new(Shared {
//!             queue: Queue::new(1024, 64),
//!             orders: Orders::default(),
//!             list: Mutex::default(),
//!         });
//!         let worker = Arc::clone(&shared);
//!         thread::spawn(move || worker.work());
//!         Self(shared)
//!     }
//! }
//!
//! impl Shared {
//!     fn work(&self) {
//!         let (parker, mut flushes) = (Parker::of_this_thread(), 0);
//!         loop {
//!             parker.wait(self.queue.some(), self.orders.next(flushes), Duration::MAX);
//!             // Read before the queue is emptied, so that the answer to a flush covers
//!             // all records from before the request.
//!             let asked = self.orders.asked();
//!             while let Some(event) = self.queue.pop() {
//!                 self.list.lock().unwrap().push(event);
//!                 self.queue.deliver(1);
//!             }
//!             self.orders.answer(asked.flushes, Ok(()));
//!             flushes = asked.flushes;
//!             if asked.end.is_some() {
//!                 break;
//!             }
//!         }
//!         self.queue.end();
//!         self.orders.retire();
//!     }
//! }
//!
//! impl MetricsBackend for Listed {
//!     fn record_task_started(&self, runner: RunnerType) {
//!         self.0.queue.record(Event::TaskStarted { runner });
//!     }
//! #   fn record_task_completed(&self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
//! #       self.0.queue.record(Event::TaskCompleted { runner, outcome, duration_ms });
//! #   }
//! #   fn record_runner_error(&self, runner: RunnerType, error: RunnerErrorKind) {
//! #       self.0.queue.record(Event::RunnerError { runner, error });
//! #   }
//!     // The other two functions do the same.
//! }
//!
//! impl Exporter for Listed {
//!     fn status(&self) -> ExporterStatus {
//!         ExporterStatus::new(self.0.queue.ledger().snapshot())
//!     }
//!
//!     fn flush(&self, within: Duration) -> Result<(), NotFlushed> {
//!         self.0.orders.flush(within)
//!     }
//!
//!     fn shutdown(&self, within: Duration) -> ExporterStatus {
//!         self.0.queue.close();
//!         self.0.orders.shut_down(within);
//!         self.0.queue.end();
//!         self.status()
//!     }
//! }
//!
//! impl Drop for Listed {
//!     fn drop(&mut self) {
//!         self.0.queue.close();
//!         self.0.orders.end_within(solti_metrics::DROP_WITHIN);
//!     }
//! }
//!
//! let listed = Listed::start();
//! listed.record_task_started(RunnerType::Wasm);
//! listed.flush(Duration::from_secs(5))?;
//! assert_eq!(listed.status().ledger.delivered(), 1);
//! let status = listed.shutdown(Duration::from_secs(5));
//! assert_eq!((status.ledger.accepted(), status.ledger.in_flight()), (1, 0));
//! # Ok::<(), NotFlushed>(())
//! ```
//!
//! # Stopping
//!
//! One rule holds for all exporters:
//!
//! - [`Exporter::flush`] sends the records from before the call, and waits for the answer for
//!   as long as the caller specifies. It drops no record.
//! - [`Exporter::shutdown`] rejects new records and makes one last attempt to send those that
//!   wait. It returns within the time that the caller specifies. Records that are left are
//!   dropped, as `shut_down`, so that the ledger balances. Of several calls, the earliest end
//!   holds.
//! - Dropping an exporter never blocks, within an async runtime or without one. The worker
//!   makes the last attempt in the background, within [`DROP_WITHIN`](crate::DROP_WITHIN). A
//!   [`Ledger`](crate::Ledger), or the exporter's status reader, outlives the exporter and
//!   has the result.
//!
//! Code that holds several backends, such as [`FanoutMetrics`](crate::FanoutMetrics), does
//! not depend on this rule: an exporter records like any other backend.

mod attempts;
mod backoff;
mod error;
#[cfg(any(feature = "otlp", feature = "statsd"))]
mod log;
#[cfg(all(test, loom))]
mod modelled;
#[cfg(all(test, loom))]
mod models;
mod orders;
mod parker;
mod queue;
mod role;
mod status;
mod sync;
mod wakeup;

pub use attempts::Attempts;
pub use backoff::Backoff;
pub use error::NotFlushed;
#[cfg(any(feature = "otlp", feature = "statsd"))]
pub(crate) use log::ExportLog;
pub use orders::{Asked, Orders};
pub use parker::Parker;
pub use queue::Queue;
pub use role::Exporter;
pub use status::ExporterStatus;
