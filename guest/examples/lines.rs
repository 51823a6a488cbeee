//! The smallest provider: a backend that counts the received records and prints a
//! line for each.

#![allow(clippy::print_stdout, reason = "printing is its purpose")]

use std::sync::atomic::{AtomicU64, Ordering};

use solti_metrics_guest::{MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome};

#[derive(Default)]
struct Lines {
    printed: AtomicU64,
}

impl Lines {
    fn print(&self, what: &str) {
        let number = 1 + self.printed.fetch_add(1, Ordering::Relaxed);
        println!("{number} {what}");
    }
}

impl MetricsBackend for Lines {
    fn record_task_started(&self, runner: RunnerType) {
        self.print(&format!("{runner} started"));
    }

    fn record_task_completed(&self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        self.print(&format!("{runner} {outcome} after {duration_ms} ms"));
    }

    fn record_runner_error(&self, runner: RunnerType, error: RunnerErrorKind) {
        self.print(&format!("{runner} {error}"));
    }
}

solti_metrics_guest::export_provider!(Lines::default());
