//! Models of a run that is restarted after each failure.

use std::sync::Arc;

use loom::thread;

use super::RunOutcome;
use super::restart_state::RestartState;
use super::run::end;
use super::stats::{Stats, TaskStatus};
use crate::modelled::torn;

/// The supervisor finishes a run that it abandoned, and the run fails meanwhile.
fn an_abandoned_run_fails() {
    loom::model(|| {
        let stats = Arc::new(Stats::default());
        let state = Arc::new(RestartState::due(&stats));
        state.attempt(&stats);
        state.started();
        stats.started();
        let failing = {
            let (state, stats) = (Arc::clone(&state), Arc::clone(&stats));
            thread::spawn(move || state.ended(&stats, end(RunOutcome::Failure)))
        };
        state.over(&stats, false);
        assert!(failing.join().is_ok());
        let snapshot = stats.snapshot();
        assert_eq!(snapshot.runs[RunOutcome::Failure as usize], 1);
        assert_eq!(snapshot.state(), TaskStatus::Idle, "waits for a restart");
    });
}

#[test]
fn a_run_that_fails_while_its_task_ends_does_not_wait_for_a_restart() {
    an_abandoned_run_fails();
}

#[test]
#[should_panic(expected = "waits for a restart")]
fn the_model_finds_a_state_that_is_not_atomic() {
    torn("engine/restart_state.rs", an_abandoned_run_fails);
}
