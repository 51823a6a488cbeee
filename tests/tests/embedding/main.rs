//! The libraries as an embedder uses them: records, guests and providers in the process of
//! the test. Nothing here needs a language other than Rust, or a program made by others.

mod artifacts;
mod asynchronous;
mod backends;
mod bench;
mod conformance;
mod contract;
mod guests;
mod panicking;
mod paths;
mod roles;
mod runner;
mod upstream;
