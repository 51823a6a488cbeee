//! Splits the output of a guest or a component into lines.

use std::sync::Arc;

use parking_lot::Mutex;
use solti_metrics_host::text::escaped;
use solti_metrics_host::wasi::Output;

/// A line that is longer is several, in bytes.
const LONGEST_LINE: usize = 8 << 10;

/// What a guest or a component prints to one stream, line by line. Nothing in a line ends
/// it, colours it, or turns it around.
pub(crate) struct Lines {
    begun: Mutex<Vec<u8>>,
    take: Box<dyn Fn(&str) + Send + Sync>,
}

impl Lines {
    /// `take` gets each line, without its end. It must not block.
    pub(crate) fn new(take: impl Fn(&str) + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            begun: Mutex::default(),
            take: Box::new(take),
        })
    }

    /// Where the stream goes.
    pub(crate) fn output(self: &Arc<Self>) -> Output {
        let this = Arc::clone(self);
        Output::To(Arc::new(move |bytes| this.hear(bytes)))
    }

    fn hear(&self, bytes: &[u8]) {
        let mut begun = self.begun.lock();
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            let mut line = line;
            while !line.is_empty() {
                let left = LONGEST_LINE.saturating_sub(begun.len()).max(1);
                let (piece, rest) = line.split_at(line.len().min(left));
                begun.extend_from_slice(piece);
                line = rest;
                if begun.last() == Some(&b'\n') || begun.len() >= LONGEST_LINE {
                    self.end(&begun);
                    begun.clear();
                }
            }
        }
    }

    /// Takes what is left without an end.
    pub(crate) fn finish(&self) {
        let left = std::mem::take(&mut *self.begun.lock());
        if !left.is_empty() {
            self.end(&left);
        }
    }

    fn end(&self, line: &[u8]) {
        let line = String::from_utf8_lossy(line);
        (self.take)(&escaped(line.trim_end_matches(['\n', '\r'])));
    }
}

impl Drop for Lines {
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
        let lines = Lines::new(move |line| list.lock().push(line.to_owned()));
        pieces.iter().for_each(|piece| lines.hear(piece));
        drop(lines);
        std::mem::take(&mut *taken.lock())
    }

    #[test]
    fn lines_are_whole_and_nothing_hides_in_them() {
        assert_eq!(
            lines(&[b"a", b"b\nc\r\n\n", b"\x1b[2Jd"]),
            ["ab", "c", "", "\\u{1b}[2Jd"]
        );
    }

    #[test]
    fn a_line_without_an_end_takes_no_more_than_so_much() {
        let long = vec![b'x'; 2 * LONGEST_LINE + 1];
        let lengths: Vec<_> = lines(&[&long]).iter().map(String::len).collect();
        assert_eq!(lengths, [LONGEST_LINE, LONGEST_LINE, 1]);
    }
}
