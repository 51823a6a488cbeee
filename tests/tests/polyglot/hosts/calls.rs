//! The calls that a host receives, compared with the reporter's specification.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use solti_metrics::Event;

use crate::languages::expected::{Input, expected};

/// Some good lines, one that is too long, and one that is not text.
pub(crate) fn input() -> Input {
    Input {
        args: vec!["2".into()],
        text: b"one two\nthree \xff\n\nfour five six\nseven".to_vec(),
    }
}

/// Parses each line of JSON as a call, and compares the calls.
pub(crate) fn are_those_expected(printed: &str) -> Result<()> {
    let lines = printed.lines().filter(|line| line.starts_with('['));
    let mut calls: Vec<Value> = lines.map(serde_json::from_str).collect::<Result<_, _>>()?;
    for call in &mut calls {
        if let Some(duration) = call.get_mut(3) {
            // The duration is whole milliseconds, and less than the maximum time of this
            // test.
            let ms = duration.as_u64().context("no whole number")?;
            ensure!(ms < 60_000, "{ms} ms");
            *duration = json!(0);
        }
    }
    let expected: Vec<_> = expected(&input()).events.iter().map(call).collect();
    ensure!(calls == expected, "{calls:?}\nin {printed}");
    Ok(())
}

/// A call in the notation of the page: enums have their names in WIT.
fn call(event: &Event) -> Value {
    let name = |label: &str| label.replace('_', "-");
    match *event {
        Event::TaskStarted { runner } => json!(["started", name(runner.as_label())]),
        Event::TaskCompleted {
            runner,
            outcome,
            duration_ms,
        } => json!([
            "completed",
            name(runner.as_label()),
            name(outcome.as_label()),
            duration_ms
        ]),
        Event::RunnerError { runner, error } => {
            json!(["error", name(runner.as_label()), name(error.as_label())])
        }
        ref other => json!(format!("{other:?}")),
    }
}
