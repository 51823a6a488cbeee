//! The last output of an instance on standard error.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::text::printable;
use crate::wasi::OutputFn;

/// Maximum bytes of the tail. The panic of a Go program, which starts with its message, takes a
/// quarter of that.
const BYTES: usize = 4 << 10;

/// Maximum number of lines of the tail.
const LINES: usize = 40;

/// Maximum bytes of a line, from its start. A message shows less than that.
const LONGEST_LINE: usize = 1 << 10;

/// Last output of an instance on standard error, where most languages write why they exit.
#[derive(Debug, Clone, Default)]
pub(super) struct StderrTail(Arc<Mutex<TailBuffer>>);

impl StderrTail {
    /// A function that appends output to the tail.
    pub(super) fn observer(&self) -> OutputFn {
        let Self(buffer) = self.clone();
        Arc::new(move |bytes| buffer.lock().push(bytes))
    }

    /// The tail as printable lines, without empty ones; `None` if there are none.
    pub(super) fn text(&self) -> Option<String> {
        self.0.lock().text()
    }
}

#[derive(Debug, Default)]
struct TailBuffer {
    /// Complete lines that are not empty.
    lines: VecDeque<Vec<u8>>,
    /// Bytes of the complete lines.
    bytes: usize,
    /// The incomplete line.
    last: Vec<u8>,
}

impl TailBuffer {
    fn push(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            let (piece, ended) = match piece.strip_suffix(b"\n") {
                Some(piece) => (piece, true),
                None => (piece, false),
            };
            let left = LONGEST_LINE.saturating_sub(self.last.len());
            self.last.extend_from_slice(&piece[..piece.len().min(left)]);
            if ended {
                self.end_line();
            }
        }
    }

    fn end_line(&mut self) {
        self.last.truncate(self.last.trim_ascii_end().len());
        if self.last.is_empty() {
            return;
        }
        self.bytes += self.last.len();
        self.lines.push_back(std::mem::take(&mut self.last));
        while self.lines.len() > LINES || self.bytes > BYTES {
            let first = self.lines.pop_front().unwrap_or_default();
            self.bytes -= first.len();
        }
    }

    fn text(&self) -> Option<String> {
        let ended = self.lines.iter().map(Vec::as_slice);
        let all = ended.chain([self.last.trim_ascii_end()]);
        let shown = all.filter(|line| !line.is_empty()).map(|line| {
            let line = String::from_utf8_lossy(line);
            printable(&line.replace('\t', "  "))
        });
        let lines: Vec<_> = shown.collect();
        let lines = &lines[lines.len().saturating_sub(LINES)..];
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(pieces: &[&str]) -> Option<String> {
        let last = StderrTail::default();
        let observer = last.observer();
        for piece in pieces {
            observer(piece.as_bytes());
        }
        last.text()
    }

    #[test]
    fn the_tail_is_shown_in_printable_lines() {
        let told = |said: &str| Some(said.to_owned());
        assert_eq!(text(&[]), None);
        assert_eq!(text(&["\n \n"]), None);
        assert_eq!(text(&["a", "b\n\n\tc\r\n"]), told("ab\n  c"));
        assert_eq!(text(&["\u{1b}[2Jgone"]), told("\\u{1b}[2Jgone"));
    }

    #[test]
    fn the_tail_of_long_output_is_its_last_whole_lines() {
        let numbers: Vec<_> = (0..10_000).map(|number| format!("{number}\n")).collect();
        let pieces: Vec<_> = numbers.iter().map(String::as_str).collect();
        let last: Vec<_> = (9_960..10_000).map(|number| number.to_string()).collect();
        for pieces in [&pieces[..], &[&pieces.concat()]] {
            assert_eq!(text(pieces), Some(last.join("\n")));
        }
    }

    #[test]
    fn the_tail_of_a_very_long_line_is_its_start() {
        let long = "x".repeat(2 * BYTES);
        let told = Some(format!("panic: {}…", "x".repeat(193)));
        assert_eq!(text(&["panic: ", &long, "\n"]), told);
        assert_eq!(
            text(&["gone\n".repeat(BYTES).as_str(), "panic: ", &long])
                .map(|text| text.lines().last().map(str::to_owned)),
            Some(told)
        );
        // A character that is cut at the end of the stored bytes is beyond the text that is shown.
        let wide = "語".repeat(BYTES);
        assert_eq!(text(&["a", &wide]), Some(format!("a{}…", "語".repeat(199))));
    }
}
