//! A middleware that says of one type of runner that it is another: of `wasm`,
//! say, that it is a `container`, where dashboards know only those.
//!
//! - `RENAME`: `from=to`, with commas between: `subprocess=container,wasm=container`.
//!   Each is taken as it came in, so that `a=b,b=a` swaps two. Nothing is renamed
//!   unless set.
//!
//! A setting that cannot be understood is refused: the first call panics.

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
    let refused = |why: String| format!("RENAME={setting:?}: {why}");
    let mut pairs = Vec::new();
    for pair in setting
        .split(',')
        .map(str::trim)
        .filter(|pair| !pair.is_empty())
    {
        let (from, to) = pair
            .split_once('=')
            .ok_or_else(|| refused(format!("{pair:?} is no from=to")))?;
        let label = |text: &str| {
            let label = text.trim().parse::<RunnerType>();
            label.map_err(|error| refused(error.to_string()))
        };
        let (from, to) = (label(from)?, label(to)?);
        if pairs.iter().any(|(other, _)| *other == from) {
            return Err(refused(format!("{from} is renamed twice: leave one")));
        }
        pairs.push((from, to));
    }
    Ok(pairs)
}

#[allow(clippy::panic, reason = "renaming otherwise than asked would be worse")]
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

    /// What becomes of a record of each type of runner.
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
    fn what_is_named_is_renamed_and_nothing_else() {
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
    fn a_setting_that_cannot_be_understood_is_refused_with_the_choices() {
        for (setting, why) in [
            ("wasm", "\"wasm\" is no from=to"),
            ("vm=wasm", "\"vm\" is none of subprocess, container, wasm"),
            ("wasm=Container", "\"Container\" is none of"),
            ("wasm=container,wasm=wasm", "wasm is renamed twice"),
        ] {
            let refused = pairs(setting).err().unwrap_or_default();
            assert!(refused.starts_with("RENAME="), "{refused}");
            assert!(refused.contains(why), "{refused}");
        }
    }
}
