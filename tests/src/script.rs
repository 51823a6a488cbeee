//! A sequence of calls, for all tests that compare the meaning of records.

use solti_metrics::{Event, RunnerErrorKind, RunnerType, TaskOutcome};

/// Every call with every label, and durations at both ends of the range.
#[must_use]
pub fn script() -> Vec<Event> {
    let mut events = Vec::new();
    for runner in RunnerType::ALL {
        events.push(Event::TaskStarted { runner });
        for error in RunnerErrorKind::ALL {
            events.push(Event::RunnerError { runner, error });
        }
        for outcome in TaskOutcome::ALL {
            for duration_ms in [0, 10, 11, 3_600_001, 31_536_000_000] {
                events.push(Event::TaskCompleted {
                    runner,
                    outcome,
                    duration_ms,
                });
            }
        }
    }
    events
}
