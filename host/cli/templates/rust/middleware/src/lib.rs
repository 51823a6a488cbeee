//! Changes the runner type `wasm` of each record to `container`, and forwards every
//! record.

mod bindings;

use bindings::exports::solti::metrics::backend::{Guest, RunnerErrorKind, RunnerType, TaskOutcome};
use bindings::solti::metrics::backend as next;

struct Middleware;

impl Guest for Middleware {
    fn record_task_started(runner: RunnerType) {
        next::record_task_started(renamed(runner));
    }

    fn record_task_completed(runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        next::record_task_completed(renamed(runner), outcome, duration_ms);
    }

    fn record_runner_error(runner: RunnerType, error: RunnerErrorKind) {
        next::record_runner_error(renamed(runner), error);
    }
}

fn renamed(runner: RunnerType) -> RunnerType {
    match runner {
        RunnerType::Wasm => RunnerType::Container,
        other => other,
    }
}

bindings::export!(Middleware with_types_in bindings);
