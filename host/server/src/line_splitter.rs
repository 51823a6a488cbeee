//! Splits the output of a guest or a component into lines.

use std::sync::Arc;

use parking_lot::Mutex;
use solti_metrics_host::text::escaped;
use solti_metrics_host::wasi::Output;

/// Maximum length of a line, in bytes. A longer line is split.
const LONGEST_LINE: usize = 8 << 10;

/// Splits one output stream of a guest or component into lines. Control characters in a
/// line are escaped.
pub(crate) struct LineSplitter {
    partial: Mutex<Vec<u8>>,
    take: Box<dyn Fn(&str) + Send + Sync>,
}

impl LineSplitter {
    /// `take` receives each line, without its end. It must not block.
    pub(crate) fn new(take: impl Fn(&str) + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            partial: Mutex::default(),
            take: Box::new(take),
        })
    }

    /// Output that passes its bytes to the splitter.
    pub(crate) fn output(self: &Arc<Self>) -> Output {
        let this = Arc::clone(self);
        Output::To(Arc::new(move |bytes| this.hear(bytes)))
    }

    fn hear(&self, bytes: &[u8]) {
        let mut partial = self.partial.lock();
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            let mut line = line;
            while !line.is_empty() {
                let left = LONGEST_LINE.saturating_sub(partial.len()).max(1);
                let (piece, rest) = line.split_at(line.len().min(left));
                partial.extend_from_slice(piece);
                line = rest;
                if partial.last() == Some(&b'\n') || partial.len() >= LONGEST_LINE {
                    self.end(&partial);
                    partial.clear();
                }
            }
        }
    }

    /// Passes on the last line, if it has no end.
    pub(crate) fn finish(&self) {
        let left = std::mem::take(&mut *self.partial.lock());
        if !left.is_empty() {
            self.end(&left);
        }
    }

    fn end(&self, line: &[u8]) {
        let line = String::from_utf8_lossy(line);
        (self.take)(&escaped(line.trim_end_matches(['\n', '\r'])));
    }
}

impl Drop for LineSplitter {
    fn drop(&mut self) {
        self.finish();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<String> {
        let taken = Arc::new(Mutex::new(Vec::new()));
        let list = Arc::clone(&taken);
        let lines = LineSplitter::new(move |line| list.lock().push(line.to_owned()));
        pieces.iter().for_each(|piece| lines.hear(piece));
        drop(lines);
        std::mem::take(&mut *taken.lock())
    }

    #[test]
    fn lines_are_complete_and_control_characters_are_escaped() {
        assert_eq!(
            lines(&[b"a", b"b\nc\r\n\n", b"\x1b[2Jd"]),
            ["ab", "c", "", "\\u{1b}[2Jd"]
        );
    }

    #[test]
    fn a_line_without_an_end_is_split_at_the_maximum() {
        let long = vec![b'x'; 2 * LONGEST_LINE + 1];
        let lengths: Vec<_> = lines(&[&long]).iter().map(String::len).collect();
        assert_eq!(lengths, [LONGEST_LINE, LONGEST_LINE, 1]);
    }
}
