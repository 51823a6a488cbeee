//! A middleware that samples completions. Of the completions with the same runner and
//! outcome, it forwards one in N: the first, the N+1st and so on. The others count as
//! `sampled`. All starts and errors are forwarded.
//!
//! - `SAMPLER_KEEP`: N; default 10.
//!
//! To get the original number of completions, multiply by N. The middleware rejects
//! an N that is not a positive number: the first call panics.

use std::env;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};

use solti_metrics_guest::{
    Accounting, Discards, HostMetrics, MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome,
};

struct Sampler<B> {
    next: B,
    keep: NonZeroU64,
    /// Completions so far, by runner and outcome.
    seen: [[AtomicU64; TaskOutcome::ALL.len()]; RunnerType::ALL.len()],
    sampled: AtomicU64,
}

impl<B: MetricsBackend> Sampler<B> {
    fn new(next: B, keep: NonZeroU64) -> Self {
        Self {
            next,
            keep,
            seen: Default::default(),
            sampled: AtomicU64::new(0),
        }
    }
}

impl<B: MetricsBackend> MetricsBackend for Sampler<B> {
    fn record_task_started(&self, runner: RunnerType) {
        self.next.record_task_started(runner);
    }

    fn record_task_completed(&self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        let seen = &self.seen[runner as usize][outcome as usize];
        if seen
            .fetch_add(1, Ordering::Relaxed)
            .is_multiple_of(self.keep.get())
        {
            self.next
                .record_task_completed(runner, outcome, duration_ms);
        } else {
            self.sampled.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn record_runner_error(&self, runner: RunnerType, error: RunnerErrorKind) {
        self.next.record_runner_error(runner, error);
    }
}

impl<B: MetricsBackend> Accounting for Sampler<B> {
    fn take_discards(&self) -> Discards {
        Discards {
            sampled: self.sampled.swap(0, Ordering::Relaxed),
            ..Discards::default()
        }
    }
}

fn keep(setting: Option<&str>) -> Result<NonZeroU64, String> {
    let setting = setting.unwrap_or("10");
    setting
        .parse()
        .map_err(|_| format!("SAMPLER_KEEP={setting:?}: set it to a whole number of at least 1"))
}

#[allow(
    clippy::panic,
    reason = "another sample than configured would be worse"
)]
fn around(next: HostMetrics) -> Sampler<HostMetrics> {
    match keep(env::var("SAMPLER_KEEP").ok().as_deref()) {
        Ok(keep) => Sampler::new(next, keep),
        Err(message) => panic!("{message}"),
    }
}

solti_metrics_guest::export_middleware!(around, Accounting);

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use solti_metrics_guest::MemoryMetrics;

    use super::*;

    fn sampler(setting: &str) -> Result<(Sampler<Arc<MemoryMetrics>>, Arc<MemoryMetrics>), String> {
        let memory = Arc::new(MemoryMetrics::new());
        let sampler = Sampler::new(memory.clone(), keep(Some(setting))?);
        Ok((sampler, memory))
    }

    #[test]
    fn the_first_of_every_n_completions_is_forwarded_and_the_others_are_counted()
    -> Result<(), String> {
        let (sampler, memory) = sampler("3")?;
        for duration_ms in 0..8 {
            sampler.record_task_completed(RunnerType::Wasm, TaskOutcome::Success, duration_ms);
        }
        // Each outcome has its own count.
        sampler.record_task_completed(RunnerType::Wasm, TaskOutcome::Failure, 9);
        let durations = |outcome| memory.durations_ms(RunnerType::Wasm, outcome);
        assert_eq!(durations(TaskOutcome::Success), [0, 3, 6]);
        assert_eq!(durations(TaskOutcome::Failure), [9]);
        let discards = [sampler.take_discards(), sampler.take_discards()];
        assert_eq!(discards.map(|d| (d.sampled, d.failed)), [(5, 0), (0, 0)]);
        Ok(())
    }

    #[test]
    fn all_starts_and_errors_are_forwarded() -> Result<(), String> {
        let (sampler, memory) = sampler("1000")?;
        for _ in 0..3 {
            sampler.record_task_started(RunnerType::Wasm);
            sampler.record_runner_error(RunnerType::Wasm, RunnerErrorKind::SpawnFailed);
        }
        assert_eq!(memory.events().len(), 6);
        assert_eq!(sampler.take_discards(), Discards::default());
        Ok(())
    }

    #[test]
    fn a_setting_that_is_not_a_positive_number_is_rejected_by_name() {
        assert_eq!(keep(None).map(NonZeroU64::get), Ok(10));
        for setting in ["0", "-1", "ten", "", "1.5"] {
            let refused = keep(Some(setting)).err();
            assert!(
                refused.is_some_and(|text| text.starts_with("SAMPLER_KEEP=")),
                "{setting}"
            );
        }
    }
}
