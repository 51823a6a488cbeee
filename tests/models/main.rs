//! Models of the server's protocols between threads, which `make loom` checks against every
//! interleaving of threads.
//!
//! The server depends on crates that do not compile with `--cfg loom`. Therefore this package
//! compiles the files of the protocols themselves, with primitives that `loom` models in the
//! place of `host/server/src/engine/sync.rs`.
#![cfg(loom)]

mod engine;
#[path = "../../src/sync/modelled.rs"]
#[allow(dead_code, reason = "the models of the facade use the other functions")]
mod modelled;
mod notify;
mod semaphore;
#[path = "../../src/sync/waiting.rs"]
mod waiting;
