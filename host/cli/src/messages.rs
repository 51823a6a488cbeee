//! Messages on standard error.
//!
//! A write blocks if standard error has no reader. Such a write must not block
//! the tasks or a request to stop.

use std::fmt;
use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use solti_metrics_host::text::escaped;
use solti_metrics_server::Notices;
use tokio::sync::oneshot;

use crate::whole::to_stderr;

/// Sender to the thread that writes messages. Set when the thread has started.
static SENDER: OnceLock<Sender<QueuedMessage>> = OnceLock::new();

/// Whether messages are log entries. The store releases and the load acquires: a thread that
/// sees the switch also sees the log.
static TO_LOG: AtomicBool = AtomicBool::new(false);

/// Number of bytes in queued messages, and its maximum. The bytes are added before a message is
/// sent, and the channel orders their subtraction after that. No other value depends on the
/// number.
static QUEUED_BYTES: AtomicUsize = AtomicUsize::new(0);
const MAX_QUEUED_BYTES: usize = 4 << 20;

/// Number of messages that were lost because the queue was full. Each is reported once,
/// because the number is taken in one step.
static LOST: AtomicUsize = AtomicUsize::new(0);

enum QueuedMessage {
    Text(String),
    /// Signals that all messages before it have been written.
    Flush(oneshot::Sender<()>),
}

/// Starts the thread that writes messages.
pub(crate) fn start() -> io::Result<()> {
    let (sender, messages) = channel();
    thread::Builder::new()
        .name("messages".into())
        .spawn(move || {
            for message in messages {
                match message {
                    QueuedMessage::Text(text) => {
                        write_message(&text);
                        QUEUED_BYTES.fetch_sub(text.len(), Ordering::Relaxed);
                    }
                    // The waiting task may have timed out.
                    QueuedMessage::Flush(done) => drop(done.send(())),
                }
                let lost = LOST.swap(0, Ordering::Relaxed);
                if lost > 0 {
                    write_message(&format!(
                        "warning: {lost} messages were lost: standard error was not read in time\n"
                    ));
                }
            }
        })?;
    // A second call changes nothing.
    let _ = SENDER.set(sender);
    Ok(())
}

/// From here on, messages are log entries. The log must have started.
pub(crate) fn switch_to_log() {
    TO_LOG.store(true, Ordering::Release);
}

/// Prints a message, immediately or when standard error is read. A message without a reader
/// is not an error.
pub(crate) fn print_message(message: fmt::Arguments<'_>) {
    let text = escaped_message(message);
    if TO_LOG.load(Ordering::Acquire) {
        tracing::warn!("{}", text.trim_end());
        return;
    }
    enqueue(text);
}

fn enqueue(text: String) {
    let Some(sender) = SENDER.get() else {
        write_message(&text);
        return;
    };
    let length = text.len();
    if QUEUED_BYTES.fetch_add(length, Ordering::Relaxed) > MAX_QUEUED_BYTES {
        QUEUED_BYTES.fetch_sub(length, Ordering::Relaxed);
        LOST.fetch_add(1, Ordering::Relaxed);
        return;
    }
    drop(sender.send(QueuedMessage::Text(text)));
}

/// Prints a table line by line.
pub(crate) fn print_table(table: &str) {
    let lines: Vec<_> = table.lines().map(escaped).collect();
    let mut text = lines.join("\n");
    text.push('\n');
    enqueue(text);
}

/// Prints the output of components, and warnings about them, as messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MessageNotices;

impl Notices for MessageNotices {
    fn warn(&self, warning: &str) {
        print_message(format_args!("warning: {warning}"));
    }

    fn printed(&self, component: &str, _: &'static str, line: &str) {
        print_message(format_args!("{component} | {line}"));
    }
}

/// Writes a message before it returns. For a terminal.
pub(crate) fn print_message_now(message: fmt::Arguments<'_>) {
    write_message(&escaped_message(message));
}

/// Writes a message before it returns, or gives up after `time` without a reader. For a
/// process that was requested to stop.
pub(crate) fn print_message_within(time: Duration, message: fmt::Arguments<'_>) {
    let text = escaped_message(message);
    let (written, done) = channel();
    let write = move || {
        write_message(&text);
        written.send(())
    };
    if thread::Builder::new().spawn(write).is_ok() {
        let _ = done.recv_timeout(time);
    }
}

/// Waits until all messages are written.
pub(crate) async fn flushed() {
    if let Some(sender) = SENDER.get() {
        let (done, written) = oneshot::channel();
        drop(sender.send(QueuedMessage::Flush(done)));
        let _ = written.await;
    }
}

/// Escapes a message. A guest controls parts of some messages: the text of its traps, and
/// the names of its functions and files. Control characters are escaped, and only an
/// indented line starts a new line. No part of a message can look like another message.
fn escaped_message(message: fmt::Arguments<'_>) -> String {
    let message = message.to_string();
    let mut text = String::with_capacity(message.len() + 1);
    for (number, line) in message.split('\n').enumerate() {
        match number {
            0 => {}
            _ if line.is_empty() || line.starts_with("  ") => text.push('\n'),
            _ => text.push_str("\\n"),
        }
        text.push_str(&escaped(line));
    }
    text.push('\n');
    text
}

fn write_message(text: &str) {
    let _ = to_stderr(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_a_message_looks_like_another_message() {
        for (message, text) in [
            ("error: a", "error: a\n"),
            ("error: a\n  | said", "error: a\n  | said\n"),
            ("error: a\nerror: b", "error: a\\nerror: b\n"),
            (
                "error: a\n  | \u{1b}[2J\r\u{202e}",
                "error: a\n  | \\u{1b}[2J\\r\\u{202e}\n",
            ),
        ] {
            assert_eq!(escaped_message(format_args!("{message}")), text);
        }
    }
}
