//! Fuzz targets of the whole project.
//!
//! A target is a function of bytes whose error or panic is a finding. It checks statements about
//! results, for example that a ledger balances, and not only that the code does not crash. Each
//! file in `targets/` is one target.
//!
//! The same targets run in two ways:
//!
//! - The test `fuzz` runs each for a bounded time, in a child process with limits, with random
//!   changes of its seeds: `cargo test --workspace --locked --test fuzz`.
//! - `make fuzz` runs one under libFuzzer, which searches for inputs that reach new code.

pub mod event;
pub mod modules;
pub mod oracle;
pub mod recorders;
pub mod target;
pub mod targets;

pub mod finding;
pub mod mutation;
pub mod panics;
pub mod reach;
pub mod seeds;
pub mod usage;

pub mod child;
pub mod session;

pub use target::{Limits, Target};
pub use targets::TARGETS;
