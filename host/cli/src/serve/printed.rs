use std::sync::Arc;

use parking_lot::Mutex;
use solti_metrics_host::runner::{Output, SpawnError, TaskReport};

use super::config;
use crate::engine::{Observer, Printing};

/// A line that is longer is several entries.
const LONGEST_LINE: usize = 8 << 10;

/// What the runs of a task print, and where that goes.
pub(super) struct Printed {
    task: Arc<str>,
    to: config::Output,
}

impl Printed {
    pub(super) fn new(task: &str, to: config::Output) -> Self {
        Self {
            task: task.into(),
            to,
        }
    }

    fn lines(&self, stream: &'static str) -> Arc<Lines> {
        Arc::new(Lines {
            task: Arc::clone(&self.task),
            stream,
            begun: Mutex::default(),
        })
    }
}

impl Observer for Printed {
    fn begins(&self) -> Printing {
        let (stdout, stderr) = match self.to {
            config::Output::Discard => (Output::Discard, Output::Discard),
            config::Output::Inherit => (Output::Stdout, Output::Stderr),
            config::Output::Log => {
                let streams = ["stdout", "stderr"].map(|stream| self.lines(stream));
                let [stdout, stderr] = streams
                    .clone()
                    .map(|lines| Output::To(Arc::new(move |bytes: &[u8]| lines.take(bytes))));
                return Printing {
                    stdout,
                    stderr,
                    finish: Box::new(move || streams.iter().for_each(|lines| lines.finish())),
                };
            }
        };
        Printing {
            stdout,
            stderr,
            finish: Box::new(|| {}),
        }
    }

    /// The engine logs it, and counts it.
    fn ended(&self, _: Result<TaskReport, SpawnError>) {}
}

/// One stream of one run, of which each line is an entry of the log.
struct Lines {
    task: Arc<str>,
    stream: &'static str,
    begun: Mutex<Vec<u8>>,
}

impl Lines {
    fn take(&self, bytes: &[u8]) {
        let mut begun = self.begun.lock();
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            begun.extend_from_slice(piece);
            if begun.last() == Some(&b'\n') || begun.len() >= LONGEST_LINE {
                self.log(&std::mem::take(&mut *begun));
            }
        }
    }

    fn finish(&self) {
        let left = std::mem::take(&mut *self.begun.lock());
        if !left.is_empty() {
            self.log(&left);
        }
    }

    fn log(&self, line: &[u8]) {
        let line = String::from_utf8_lossy(line);
        let line = shown(line.trim_end_matches(['\n', '\r']));
        tracing::info!(target: "guest", task = &*self.task, stream = self.stream, "{line}");
    }
}

/// Without what would begin a line of its own in the log, colour it, or turn it around.
fn shown(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    for character in line.chars() {
        if hides(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Control characters, line separators, and marks of the direction of writing.
fn hides(character: char) -> bool {
    character.is_control() && character != '\t'
        || matches!(
            character,
            '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}
