use std::sync::Arc;

use parking_lot::RwLock;
use solti_metrics::{
    Event, MetricsBackend, MetricsHandle, RunnerErrorKind, RunnerType, TaskOutcome,
};

/// A backend that can be exchanged while records come.
///
/// A record goes to one of both, as a whole: [`set`](Self::set) returns when the one
/// before is given no more.
pub(crate) struct Switch(RwLock<MetricsHandle>);

impl Switch {
    pub(crate) fn new(to: MetricsHandle) -> Self {
        Self(RwLock::new(to))
    }

    /// What records go to from here on. Waits for records under way, none of which
    /// waits for anything.
    pub(crate) fn set(&self, to: MetricsHandle) {
        let before = std::mem::replace(&mut *self.0.write(), to);
        // Not while nobody can record: it may be the last to know a backend.
        drop(before);
    }

    /// Records that went to the one go to the other from here on. A switch that goes
    /// elsewhere stays as it is.
    pub(crate) fn redirect(&self, from: &MetricsHandle, to: &MetricsHandle) {
        let goes_there = Arc::ptr_eq(&*self.0.read(), from);
        if goes_there {
            self.set(Arc::clone(to));
        }
    }
}

impl MetricsBackend for Switch {
    fn record_task_started(&self, runner: RunnerType) {
        self.0.read().record_task_started(runner);
    }

    fn record_task_completed(&self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        let to = self.0.read();
        to.record_task_completed(runner, outcome, duration_ms);
    }

    fn record_runner_error(&self, runner: RunnerType, error: RunnerErrorKind) {
        self.0.read().record_runner_error(runner, error);
    }

    fn record_batch(&self, events: &[Event]) {
        self.0.read().record_batch(events);
    }

    fn prefers_batches(&self) -> bool {
        self.0.read().prefers_batches()
    }
}

#[cfg(test)]
mod tests {
    use solti_metrics::MemoryMetrics;

    use super::*;

    #[test]
    fn each_record_reaches_one_of_both() {
        let (old, new) = (
            Arc::new(MemoryMetrics::new()),
            Arc::new(MemoryMetrics::new()),
        );
        let switch = Switch::new(old.clone());
        std::thread::scope(|scope| {
            let recording = scope.spawn(|| {
                for _ in 0..10_000 {
                    switch.record_task_started(RunnerType::Wasm);
                }
            });
            switch.set(new.clone());
            let after = old.started(RunnerType::Wasm);
            assert!(recording.join().is_ok());
            assert_eq!(old.started(RunnerType::Wasm), after, "nothing comes late");
        });
        let both = old.started(RunnerType::Wasm) + new.started(RunnerType::Wasm);
        assert_eq!(both, 10_000);
    }

    #[test]
    fn only_a_switch_that_goes_to_the_one_is_redirected_to_the_other() {
        let all = [(); 3].map(|()| Arc::new(MemoryMetrics::new()));
        let [old, new, other] = all.clone().map(|it| it as MetricsHandle);
        let switches = [&old, &other].map(|to| Switch::new(Arc::clone(to)));
        for switch in &switches {
            switch.redirect(&old, &new);
            switch.record_task_started(RunnerType::Wasm);
        }
        let started = all.map(|it| it.started(RunnerType::Wasm));
        assert_eq!(started, [0, 1, 1]);
    }
}
