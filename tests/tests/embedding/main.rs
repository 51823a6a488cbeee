//! The libraries as an embedder uses them: records, guests and providers in the process
//! of the test. The tests need no language besides Rust, and no reference tools.

mod artifacts;
mod asynchronous;
mod backends;
mod bench;
mod conformance;
mod contract;
mod guests;
mod panicking;
mod recording_modes;
mod roles;
mod runner;
mod upstream;
