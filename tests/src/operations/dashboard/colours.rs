//! Colours that mean the same in every panel.

use solti_metrics::{RunnerErrorKind, RunnerType, TaskOutcome};
use solti_metrics_host::DropReason;
use solti_metrics_host::provider::BackendState;

use crate::operations::START_FAILED;

type Coloured = Vec<(String, &'static str)>;

/// Colours of series without a colour of their own.
const PALETTE: [&str; 12] = [
    "red",
    "orange",
    "yellow",
    "purple",
    "blue",
    "dark-red",
    "dark-orange",
    "dark-yellow",
    "dark-purple",
    "dark-blue",
    "light-red",
    "light-orange",
];

pub(super) fn outcomes() -> Coloured {
    let outcomes = TaskOutcome::ALL.iter().map(|outcome| {
        let colour = match outcome {
            TaskOutcome::Success => "green",
            TaskOutcome::Failure => "red",
            TaskOutcome::Canceled => "blue",
            TaskOutcome::Timeout => "orange",
            _ => "purple",
        };
        (outcome.as_label().to_owned(), colour)
    });
    outcomes
        .chain([(START_FAILED.to_owned(), "dark-red")])
        .collect()
}

/// A colour for each type of runner. `name` makes the name of a series from a label.
pub(super) fn runners(name: impl Fn(&str) -> String) -> Coloured {
    from_palette(RunnerType::ALL.map(|runner| name(runner.as_label())))
}

pub(super) fn errors() -> Coloured {
    from_palette(RunnerErrorKind::ALL.map(|error| error.as_label().to_owned()))
}

pub(super) fn reasons() -> Coloured {
    let mut reasons = from_palette(DropReason::ALL.map(|reason| reason.as_label().to_owned()));
    let sampled = DropReason::Sampled.as_label();
    for (reason, colour) in &mut reasons {
        // Sampling is not a loss.
        if reason == sampled {
            *colour = "text";
        }
    }
    reasons
}

pub(super) const fn state(state: BackendState) -> &'static str {
    match state {
        BackendState::Running => "green",
        BackendState::Restarting => "orange",
        BackendState::CircuitOpen => "red",
        BackendState::HalfOpen => "yellow",
        BackendState::Draining => "blue",
        BackendState::Stopped => "text",
        _ => "purple",
    }
}

fn from_palette(names: impl IntoIterator<Item = String>) -> Coloured {
    names.into_iter().zip(PALETTE.into_iter().cycle()).collect()
}
