use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::sandbox::{OutputFn, printable};

/// How many bytes are remembered. The panic of a Go program, which begins with its
/// message, takes a quarter of that.
const BYTES: usize = 4 << 10;

/// How many lines of them are told, the last ones.
const LINES: usize = 40;

/// What an instance printed last to its standard error: there most languages say why
/// they give up.
#[derive(Debug, Clone, Default)]
pub(super) struct LastWords(Arc<Mutex<Heard>>);

impl LastWords {
    /// Listens.
    pub(super) fn ear(&self) -> OutputFn {
        let Self(heard) = self.clone();
        Arc::new(move |bytes| heard.lock().hear(bytes))
    }

    /// In printable lines, without empty ones; `None` if there are none.
    pub(super) fn text(&self) -> Option<String> {
        self.0.lock().text()
    }
}

#[derive(Debug, Default)]
struct Heard {
    bytes: VecDeque<u8>,
    /// Whether there was more before.
    cut: bool,
}

impl Heard {
    fn hear(&mut self, bytes: &[u8]) {
        let news = &bytes[bytes.len().saturating_sub(BYTES)..];
        let old = (self.bytes.len() + news.len()).saturating_sub(BYTES);
        self.cut |= old > 0 || news.len() < bytes.len();
        self.bytes.drain(..old);
        self.bytes.extend(news);
    }

    fn text(&mut self) -> Option<String> {
        let text = String::from_utf8_lossy(self.bytes.make_contiguous());
        let text = match text.split_once('\n') {
            // Without its beginning, a line misleads.
            Some((_, rest)) if self.cut => rest,
            _ => &*text,
        };
        let shown = |line: &str| printable(&line.trim_end().replace('\t', "  "));
        let mut lines: Vec<_> = text.lines().map(shown).collect();
        lines.retain(|line| !line.is_empty());
        let lines = &lines[lines.len().saturating_sub(LINES)..];
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(pieces: &[&str]) -> Option<String> {
        let last = LastWords::default();
        let ear = last.ear();
        for piece in pieces {
            ear(piece.as_bytes());
        }
        last.text()
    }

    #[test]
    fn what_was_said_last_is_told_in_printable_lines() {
        let told = |said: &str| Some(said.to_owned());
        assert_eq!(text(&[]), None);
        assert_eq!(text(&["\n \n"]), None);
        assert_eq!(text(&["a", "b\n\n\tc\r\n"]), told("ab\n  c"));
        assert_eq!(text(&["\u{1b}[2Jgone"]), told("\\u{1b}[2Jgone"));
    }

    #[test]
    fn of_much_that_was_said_the_last_whole_lines_are_told() {
        let numbers: Vec<_> = (0..10_000).map(|number| format!("{number}\n")).collect();
        let pieces: Vec<_> = numbers.iter().map(String::as_str).collect();
        let last: Vec<_> = (9_960..10_000).map(|number| number.to_string()).collect();
        for pieces in [&pieces[..], &[&pieces.concat()]] {
            assert_eq!(text(pieces), Some(last.join("\n")));
        }
        let long = "x".repeat(BYTES);
        assert_eq!(text(&["cut", &long, "\nwhole"]), Some("whole".to_owned()));
    }
}
