use std::io;

use solti_metrics_host::text::is_hidden;

use crate::whole::Torn;

/// How entries of a log are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Json,
}

/// A log, of which each line is a whole entry, whatever is said in it.
pub(crate) struct Entries<W> {
    write: W,
    form: Form,
    /// Whether the last line is a piece of an entry that could not be written.
    torn: bool,
}

impl<W: FnMut(&[u8]) -> Result<(), Torn>> Entries<W> {
    /// `write` writes a line, or says how much of it.
    pub(crate) const fn new(write: W, form: Form) -> Self {
        Self {
            write,
            form,
            torn: false,
        }
    }

    /// Writes an entry, which may end with an end of line.
    ///
    /// # Errors
    ///
    /// When it cannot be written, or not as a whole.
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

    /// One line, in which nothing hides.
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
                Form::Text => line.extend(character.escape_default()),
                Form::Json => {
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

    fn written(form: Form, entry: &str) -> io::Result<String> {
        let mut log = Vec::new();
        let write = |line: &[u8]| {
            log.extend_from_slice(line);
            Ok(())
        };
        Entries::new(write, form).write(entry.as_bytes())?;
        Ok(String::from_utf8_lossy(&log).into_owned())
    }

    #[test]
    fn an_entry_is_one_line_in_which_nothing_hides() -> io::Result<()> {
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
            assert_eq!(written(Form::Text, entry)?, text);
            assert_eq!(written(Form::Json, entry)?, json);
        }
        Ok(())
    }

    /// As on a disk that is full, has a little space, and then has enough.
    #[test]
    fn a_piece_of_an_entry_does_not_run_into_the_next_one() {
        let mut log = Vec::new();
        let mut space = [9, 0, 3, 99].into_iter();
        let mut entries = Entries::new(
            |line: &[u8]| {
                let written = line.len().min(space.next().unwrap_or_default());
                log.extend_from_slice(&line[..written]);
                let error = io::ErrorKind::StorageFull.into();
                (written == line.len())
                    .then_some(())
                    .ok_or(Torn { written, error })
            },
            Form::Text,
        );
        let written =
            ["one", "two", "three", "four"].map(|it| entries.write(it.as_bytes()).is_ok());
        assert_eq!(written, [true, false, false, true]);
        assert_eq!(String::from_utf8_lossy(&log), "one\nthr\nfour\n");
    }
}
