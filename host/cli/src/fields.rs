//! Fields of entries in a text log.

use std::fmt::{self, Debug, Write};

use tracing::field::{Field, Visit};
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::Writer;

/// Writes each field as `name=value`. Quotes surround every value that is not a single
/// word, and every message that contains `=`. As a result, no value and no message can
/// imitate a field.
pub(crate) struct Quoted;

impl<'w> FormatFields<'w> for Quoted {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut writing = Writing {
            writer,
            has_fields: false,
            result: Ok(()),
        };
        fields.record(&mut writing);
        writing.result
    }
}

struct Writing<'w> {
    writer: Writer<'w>,
    has_fields: bool,
    result: fmt::Result,
}

impl Writing<'_> {
    fn write(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        if self.result.is_err() {
            return;
        }
        let space = if self.has_fields { " " } else { "" };
        self.has_fields = true;
        self.result = match field.name() {
            "message" => write!(self.writer, "{space}{value}"),
            name => {
                let name = name.strip_prefix("r#").unwrap_or(name);
                write!(self.writer, "{space}{name}={value}")
            }
        };
    }
}

impl Visit for Writing<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.record_debug(field, &format_args!("{value}")),
            _ => self.write(field, format_args!("{value:?}")),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = String::new();
        if let Err(error) = write!(text, "{value:?}") {
            self.result = Err(error);
            return;
        }
        let plain = match field.name() {
            "message" => !text.contains('='),
            _ => is_word(&text),
        };
        if plain {
            self.write(field, format_args!("{text}"));
        } else {
            self.write(field, format_args!("{text:?}"));
        }
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && !text.contains(|it: char| it.is_whitespace() || "=\"\\".contains(it))
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use parking_lot::Mutex;

    use super::*;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn values_and_messages_cannot_imitate_a_field() {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .fmt_fields(Quoted)
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .without_time()
            .with_target(false)
            .finish();
        let forged = "said outcome=\"success\" \\";
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(line = forged, number = 1, error = %"plain", "printed");
            tracing::info!(error = %forged, empty = %"", list = ?["a"], "run ended");
            tracing::info!("{forged}");
            tracing::info!("server.listen: invalid address \"x\"");
        });
        let quoted = format!("{forged:?}");
        let expected = [
            format!(" INFO printed line={quoted} number=1 error=plain\n"),
            format!(" INFO run ended error={quoted} empty=\"\" list=\"[\\\"a\\\"]\"\n"),
            format!(" INFO {quoted}\n"),
            " INFO server.listen: invalid address \"x\"\n".to_owned(),
        ];
        let written = log.0.lock().clone();
        assert_eq!(String::from_utf8_lossy(&written), expected.concat());
    }
}
