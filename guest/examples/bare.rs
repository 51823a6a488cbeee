//! A guest without WASI, which imports only the metrics interface. Its `run` makes
//! one record of each kind.
//!
//! Built for `wasm32-unknown-unknown`, as a `cdylib`. This target has no clock, so the
//! guest chooses the duration itself.
#![allow(unsafe_code, missing_docs, reason = "the generated export of `run`")]

use std::time::Duration;

use solti_metrics_guest::{
    HostMetrics, MetricsBackend, RunnerErrorKind, RunnerType, Task, TaskOutcome,
};

mod world {
    wit_bindgen::generate!({
        inline: "
            package example:bare;
            world bare { export run: func(); }
        ",
    });
}

#[cfg_attr(not(target_family = "wasm"), allow(dead_code, reason = "see below"))]
struct Bare;

impl world::Guest for Bare {
    fn run() {
        let task = Task::start(RunnerType::Subprocess);
        HostMetrics.record_runner_error(RunnerType::Container, RunnerErrorKind::SpawnFailed);
        task.finish_after(TaskOutcome::Timeout, Duration::from_millis(1_500));
    }
}

// A native linker does not accept such names.
#[cfg(target_family = "wasm")]
world::export!(Bare with_types_in world);
