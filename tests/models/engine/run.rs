//! Runs that do nothing, in the place of `host/server/src/engine/run.rs`.

use std::time::Duration;

use super::RunOutcome;
use super::run_outcome::RunEnd;
use super::stats::Stats;

#[derive(Default)]
pub(super) struct RunContext(Stats);

impl RunContext {
    pub(super) fn stats(&self) -> &Stats {
        &self.0
    }

    /// No model stops its task.
    pub(super) fn is_closed(&self) -> bool {
        false
    }
}

/// A run that executes until it is dropped, and succeeds.
pub(super) struct Run<'a>(&'a RunContext);

impl<'a> Run<'a> {
    pub(super) fn start(context: &'a RunContext) -> Self {
        context.stats().started();
        Self(context)
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        self.0.stats().ended(end(RunOutcome::Success), false);
    }
}

pub(super) fn end(outcome: RunOutcome) -> RunEnd {
    RunEnd {
        outcome,
        detail: String::new(),
        duration: Duration::ZERO,
    }
}
