//! Cost measurements: the suite behind `make bench`.
//!
//! A [`Row`] is one way for a record to travel, or for a task to start. All rows take
//! turns in one process, so that the speed of the machine cancels out of the ratio of two
//! rows. [`LIMITS`] bounds these ratios. The run also measures single records, compilations
//! and scrapes in processes of their own, and how cost grows with guests, tasks and
//! components. The results go to a table on the terminal, to
//! `docs/performance.md` with its plot, and for other programs to `bench/summary.json` in
//! the target directory.

mod cached;
mod child;
mod compile;
mod copies;
mod delay;
#[cfg(test)]
mod example;
pub(crate) mod figure;
mod growth;
pub mod languages;
mod latency;
mod limit;
pub(crate) mod machine;
mod note;
mod options;
mod page;
mod plot;
mod row;
mod rows;
mod run;
mod scrape;
mod spread;
mod suite;
mod summary;
mod switches;
mod synthetic;
mod table;
mod turns;
mod verdict;
mod write;

pub use limit::{Bound, LIMITS, Limit, Quotient};
pub use row::{Arrived, Group, Row, Unit, Work};
pub use rows::rows;
pub use suite::main;

use run::{Measured, Run};
use spread::Spread;
use verdict::Verdict;

/// Takes errors of wasmtime and of anyhow, which are different types.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
