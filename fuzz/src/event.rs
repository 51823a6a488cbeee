//! Records from bytes.

use anyhow::Result;
use arbitrary::Unstructured;
use solti_metrics::{Event, RunnerErrorKind, RunnerType, TaskOutcome};

/// A record, with a duration that is often at an edge.
///
/// # Errors
///
/// None: input that has ended is read as zeros.
pub fn event(input: &mut Unstructured<'_>) -> Result<Event> {
    let runner = *input.choose(&RunnerType::ALL)?;
    Ok(match input.int_in_range(0..=2)? {
        0 => Event::TaskStarted { runner },
        1 => Event::RunnerError {
            runner,
            error: *input.choose(&RunnerErrorKind::ALL)?,
        },
        _ => Event::TaskCompleted {
            runner,
            outcome: *input.choose(&TaskOutcome::ALL)?,
            duration_ms: match input.int_in_range(0..=3)? {
                0 => input.arbitrary()?,
                1 => u64::MAX - u64::from(input.arbitrary::<u8>()?),
                2 => 1 << input.int_in_range(0..=63)?,
                _ => input.arbitrary::<u16>()?.into(),
            },
        },
    })
}
