//! Models of protocols between threads of the server and the host, which `make loom` checks against every
//! interleaving of threads.
//!
//! The server and the host depend on crates that do not compile with `--cfg loom`. Therefore
//! this package compiles the files of the protocols themselves, with primitives that `loom`
//! models in `sync.rs`.
#![cfg(loom)]

mod artifact;
mod engine;
#[path = "../../src/sync/modelled.rs"]
mod modelled;
mod notify;
mod semaphore;
mod sync;
#[path = "../../src/sync/waiting.rs"]
mod waiting;
