//! Log entries, each written as one line.

use std::io;

use solti_metrics_host::text::is_hidden;

use crate::whole::IncompleteWrite;

/// Format of log entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryFormat {
    Text,
    Json,
}

/// A log in which each entry is exactly one line, for any content of the entry.
pub(crate) struct LogEntries<W> {
    write: W,
    form: EntryFormat,
    /// Whether the last write left an incomplete line.
    torn: bool,
}

impl<W: FnMut(&[u8]) -> Result<(), IncompleteWrite>> LogEntries<W> {
    /// `write` writes a line, or returns the number of bytes that it wrote.
    pub(crate) const fn new(write: W, form: EntryFormat) -> Self {
        Self {
            write,
            form,
            torn: false,
        }
    }

    /// Writes an entry, with or without a line break at its end.
    ///
    /// # Errors
    ///
    /// If the entry cannot be written, or only a part of it.
    pub(crate) fn write(&mut self, entry: &[u8]) -> io::Result<()> {
        let mut line = self.line(entry);
        if self.torn {
            line.insert(0, b'\n');
        }
        match (self.write)(&line) {
            Ok(()) => {
                self.torn = false;
                Ok(())
            }
            Err(torn) => {
                self.torn |= torn.written > 0;
                Err(torn.error)
            }
        }
    }

    /// The entry as one line, with hidden characters escaped.
    fn line(&self, entry: &[u8]) -> Vec<u8> {
        let entry = entry.strip_suffix(b"\n").unwrap_or(entry);
        let plain = |byte: &u8| byte.is_ascii_graphic() || [b' ', b'\t'].contains(byte);
        let mut line = if entry.iter().all(plain) {
            entry.to_owned()
        } else {
            self.escaped(&String::from_utf8_lossy(entry)).into_bytes()
        };
        line.push(b'\n');
        line
    }

    fn escaped(&self, entry: &str) -> String {
        let mut line = String::with_capacity(entry.len());
        for character in entry.chars() {
            match self.form {
                _ if !is_hidden(character) => line.push(character),
                EntryFormat::Text => line.extend(character.escape_default()),
                EntryFormat::Json => {
                    for unit in character.encode_utf16(&mut [0; 2]) {
                        line += &format!("\\u{unit:04x}");
                    }
                }
            }
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(form: EntryFormat, entry: &str) -> io::Result<String> {
        let mut log = Vec::new();
        let write = |line: &[u8]| {
            log.extend_from_slice(line);
            Ok(())
        };
        LogEntries::new(write, form).write(entry.as_bytes())?;
        Ok(String::from_utf8_lossy(&log).into_owned())
    }

    #[test]
    fn an_entry_is_one_line_with_hidden_characters_escaped() -> io::Result<()> {
        for (entry, text, json) in [
            (
                "plain\tand simple\n",
                "plain\tand simple\n",
                "plain\tand simple\n",
            ),
            ("größer 語", "größer 語\n", "größer 語\n"),
            (
                "a\nERROR b\r\u{1b}[2J\u{9b}\u{2028}\u{202e}\n",
                "a\\nERROR b\\r\\u{1b}[2J\\u{9b}\\u{2028}\\u{202e}\n",
                "a\\u000aERROR b\\u000d\\u001b[2J\\u009b\\u2028\\u202e\n",
            ),
            (
                "a\u{200b}\u{e0041}b\n",
                "a\\u{200b}\\u{e0041}b\n",
                "a\\u200b\\udb40\\udc41b\n",
            ),
        ] {
            assert_eq!(written(EntryFormat::Text, entry)?, text);
            assert_eq!(written(EntryFormat::Json, entry)?, json);
        }
        Ok(())
    }

    /// The writer behaves like a disk that is full, has little space, and then has enough
    /// space.
    #[test]
    fn an_incomplete_entry_ends_before_the_next_one() {
        let mut log = Vec::new();
        let mut space = [9, 0, 3, 99].into_iter();
        let mut entries = LogEntries::new(
            |line: &[u8]| {
                let written = line.len().min(space.next().unwrap_or_default());
                log.extend_from_slice(&line[..written]);
                let error = io::ErrorKind::StorageFull.into();
                (written == line.len())
                    .then_some(())
                    .ok_or(IncompleteWrite { written, error })
            },
            EntryFormat::Text,
        );
        let written =
            ["one", "two", "three", "four"].map(|it| entries.write(it.as_bytes()).is_ok());
        assert_eq!(written, [true, false, false, true]);
        assert_eq!(String::from_utf8_lossy(&log), "one\nthr\nfour\n");
    }
}
