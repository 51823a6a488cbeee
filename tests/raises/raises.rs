//! Panics: `README.md` in this folder says when.

#![cfg(target_family = "wasm")]
#![allow(unsafe_code, missing_docs, reason = "the generated bindings")]
#![allow(clippy::panic, reason = "this is what it is for")]

use std::sync::atomic::{AtomicU32, Ordering};

use exports::solti::metrics::backend::{RunnerErrorKind, RunnerType, TaskOutcome};
use solti::metrics::{backend, types};

wit_bindgen::generate!({
    path: "../tests/raises/raises/wit",
    world: "raises",
    generate_all,
});

static RECORDS: AtomicU32 = AtomicU32::new(0);

struct Raises;

impl exports::wasi::cli::run::Guest for Raises {
    fn run() -> Result<(), ()> {
        backend::record_task_started(types::RunnerType::Wasm);
        panic!("boom in the middle");
    }
}

impl exports::solti::metrics::backend::Guest for Raises {
    fn record_task_started(_: RunnerType) {
        count();
    }

    fn record_task_completed(_: RunnerType, _: TaskOutcome, _: u64) {
        count();
    }

    fn record_runner_error(_: RunnerType, _: RunnerErrorKind) {
        count();
    }
}

fn count() {
    let records = RECORDS.fetch_add(1, Ordering::Relaxed) + 1;
    assert!(records != 3, "boom at record {records}");
}

export!(Raises);
