//! A middleware that changes runner types: for example `wasm` to `container`, for
//! dashboards that know only containers.
//!
//! - `RENAME`: comma-separated `from=to`, such as `subprocess=container,wasm=container`.
//!   Each pair applies to the original type, so `a=b,b=a` exchanges two types. By
//!   default, no type changes.
//!
//! The middleware rejects an invalid setting: the first call panics.

use std::env;

use solti_metrics_guest::{HostMetrics, MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome};

struct Rename<B> {
    next: B,
    pairs: Vec<(RunnerType, RunnerType)>,
}

impl<B> Rename<B> {
    fn renamed(&self, runner: RunnerType) -> RunnerType {
        let pair = self.pairs.iter().find(|(from, _)| *from == runner);
        pair.map_or(runner, |(_, to)| *to)
    }
}

impl<B: MetricsBackend> MetricsBackend for Rename<B> {
    fn record_task_started(&self, runner: RunnerType) {
        self.next.record_task_started(self.renamed(runner));
    }

    fn record_task_completed(&self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        let runner = self.renamed(runner);
        self.next
            .record_task_completed(runner, outcome, duration_ms);
    }

    fn record_runner_error(&self, runner: RunnerType, error: RunnerErrorKind) {
        self.next.record_runner_error(self.renamed(runner), error);
    }
}

fn pairs(setting: &str) -> Result<Vec<(RunnerType, RunnerType)>, String> {
    let invalid = |why: String| format!("RENAME={setting:?}: {why}");
    let mut pairs = Vec::new();
    for pair in setting
        .split(',')
        .map(str::trim)
        .filter(|pair| !pair.is_empty())
    {
        let (from, to) = pair
            .split_once('=')
            .ok_or_else(|| invalid(format!("{pair:?} is not of the form from=to")))?;
        let label = |text: &str| {
            let label = text.trim().parse::<RunnerType>();
            label.map_err(|error| invalid(error.to_string()))
        };
        let (from, to) = (label(from)?, label(to)?);
        if pairs.iter().any(|(other, _)| *other == from) {
            return Err(invalid(format!("{from} is renamed twice: remove one")));
        }
        pairs.push((from, to));
    }
    Ok(pairs)
}

#[allow(clippy::panic, reason = "other names than configured would be worse")]
fn around(next: HostMetrics) -> Rename<HostMetrics> {
    match pairs(&env::var("RENAME").unwrap_or_default()) {
        Ok(pairs) => Rename { next, pairs },
        Err(message) => panic!("{message}"),
    }
}

solti_metrics_guest::export_middleware!(around);

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use solti_metrics_guest::{Event, MemoryMetrics};

    use super::*;

    /// The runner types of forwarded records, one for each original type.
    fn renamed(setting: &str) -> Result<Vec<RunnerType>, String> {
        let memory = Arc::new(MemoryMetrics::new());
        let (next, pairs) = (memory.clone(), pairs(setting)?);
        let rename = Rename { next, pairs };
        for runner in RunnerType::ALL {
            rename.record_task_started(runner);
            rename.record_task_completed(runner, TaskOutcome::Success, 1);
            rename.record_runner_error(runner, RunnerErrorKind::SpawnFailed);
        }
        Ok(memory
            .events()
            .into_iter()
            .step_by(3)
            .map(Event::runner)
            .collect())
    }

    #[test]
    fn only_configured_types_are_renamed() {
        use RunnerType::{Container, Subprocess, Wasm};
        for (setting, expected) in [
            ("", [Subprocess, Container, Wasm]),
            ("subprocess=container,wasm=container", [Container; 3]),
            (" wasm = subprocess , ", [Subprocess, Container, Subprocess]),
            (
                "wasm=container,container=wasm",
                [Subprocess, Wasm, Container],
            ),
        ] {
            assert_eq!(
                renamed(setting).as_deref(),
                Ok(&expected[..]),
                "{setting:?}"
            );
        }
    }

    #[test]
    fn an_invalid_setting_is_rejected_with_the_valid_types() {
        for (setting, why) in [
            ("wasm", "\"wasm\" is not of the form from=to"),
            (
                "vm=wasm",
                "\"vm\" is not one of subprocess, container, wasm",
            ),
            ("wasm=Container", "\"Container\" is not one of"),
            ("wasm=container,wasm=wasm", "wasm is renamed twice"),
        ] {
            let refused = pairs(setting).err().unwrap_or_default();
            assert!(refused.starts_with("RENAME="), "{refused}");
            assert!(refused.contains(why), "{refused}");
        }
    }
}
