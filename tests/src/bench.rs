//! What everything costs: the suite behind `make bench`.
//!
//! A [`Row`] is one way for a record to travel, or for a task to start. All rows take
//! turns in one process, so that the speed of the machine cancels out of the quotient
//! of two of them, and those quotients have limits ([`LIMITS`]). How cost grows with
//! guests, tasks and components is measured beside. What a run found is shown as a
//! table on the terminal, as `docs/performance.md` with its plot, and for other programs
//! as `bench/summary.json` in the folder that cargo builds in.

mod cached;
#[cfg(test)]
mod example;
pub(crate) mod figure;
mod growth;
pub mod languages;
mod limit;
pub(crate) mod machine;
mod note;
mod options;
mod page;
mod places;
mod plot;
mod row;
mod rows;
mod run;
mod spread;
mod suite;
mod summary;
mod synthetic;
mod table;
mod turns;
mod write;

pub use limit::{Bound, LIMITS, Limit, Quotient};
pub use row::{Arrived, Group, Row, Unit, Work};
pub use rows::rows;
pub use suite::main;

use limit::Verdict;
use run::{Measured, Run};
use spread::Spread;

/// wasmtime has an error type of its own, and so has anyhow: this takes both.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
