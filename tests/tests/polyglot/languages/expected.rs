//! The results of an input by `guest/examples/README.md`, in an independent
//! implementation.

use solti_metrics::{Event, RunnerErrorKind, RunnerType, TaskOutcome};

/// An input of a reporter.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    pub(crate) args: Vec<String>,
    pub(crate) text: Vec<u8>,
}

/// The visible results of a run, without times.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) events: Vec<Event>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: i32,
}

const RUNNER: RunnerType = RunnerType::Wasm;

pub(crate) fn expected(input: &Input) -> Seen {
    let Some(max_words) = max_words(&input.args) else {
        return Seen {
            events: vec![Event::RunnerError {
                runner: RUNNER,
                error: RunnerErrorKind::BackendConfigFailed,
            }],
            stdout: String::new(),
            stderr: "usage: reporter [MAX-WORDS]\n".into(),
            code: 1,
        };
    };
    let (mut events, mut lines, mut words) = (Vec::new(), 0, 0);
    for line in input.text.split_inclusive(|&byte| byte == b'\n') {
        let outcome = match std::str::from_utf8(line).map(word_count) {
            Err(_) => TaskOutcome::Failure,
            Ok(count) if count > max_words => TaskOutcome::Canceled,
            Ok(count) => {
                lines += 1;
                words += count;
                TaskOutcome::Success
            }
        };
        events.push(Event::TaskStarted { runner: RUNNER });
        events.push(Event::TaskCompleted {
            runner: RUNNER,
            outcome,
            duration_ms: 0,
        });
    }
    let failed = events.iter().any(|event| {
        matches!(event, Event::TaskCompleted { outcome, .. } if *outcome == TaskOutcome::Failure)
    });
    Seen {
        events,
        stdout: format!("{lines} {words}\n"),
        stderr: String::new(),
        code: i32::from(failed),
    }
}

fn max_words(args: &[String]) -> Option<usize> {
    match args {
        [] => Some(1_000),
        [number] if (1..=9).contains(&number.len()) => number
            .bytes()
            .try_fold(0, |sum, byte| Some(sum * 10 + digit(byte)?)),
        _ => None,
    }
}

fn digit(byte: u8) -> Option<usize> {
    byte.is_ascii_digit().then(|| usize::from(byte - b'0'))
}

/// A word starts at a character that is not a space, after a space or at the beginning.
fn word_count(line: &str) -> usize {
    let is_space = |byte: u8| byte == 32 || (9..=13).contains(&byte);
    let before = std::iter::once(b' ').chain(line.bytes());
    let pairs = before.zip(line.bytes());
    pairs
        .filter(|&(before, byte)| is_space(before) && !is_space(byte))
        .count()
}
