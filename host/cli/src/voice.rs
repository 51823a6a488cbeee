//! What is said on standard error.
//!
//! If nobody reads there, writing blocks, and must not hold up whoever has
//! something to say: neither the tasks, nor a request to terminate.

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

/// Set once there is a thread that speaks.
static SPEAKER: OnceLock<Sender<Message>> = OnceLock::new();

/// Whether what is said is an entry of the log instead.
static IN_THE_LOG: AtomicBool = AtomicBool::new(false);

/// Bytes that wait to be said, and how many may.
static WAITING: AtomicUsize = AtomicUsize::new(0);
const MOST_WAITING: usize = 4 << 20;

/// Messages that were too many to wait.
static LOST: AtomicUsize = AtomicUsize::new(0);

enum Message {
    Say(String),
    /// Everything before this has been said.
    Said(oneshot::Sender<()>),
}

/// From here on, a thread of its own says what is said.
pub(crate) fn start() -> io::Result<()> {
    let (speaker, messages) = channel();
    thread::Builder::new().name("voice".into()).spawn(move || {
        for message in messages {
            match message {
                Message::Say(text) => {
                    say(&text);
                    WAITING.fetch_sub(text.len(), Ordering::Relaxed);
                }
                // Whoever asked may have lost patience.
                Message::Said(done) => drop(done.send(())),
            }
            let lost = LOST.swap(0, Ordering::Relaxed);
            if lost > 0 {
                say(&format!(
                    "warning: {lost} messages are lost: standard error was not read in time\n"
                ));
            }
        }
    })?;
    // A second call changes nothing.
    let _ = SPEAKER.set(speaker);
    Ok(())
}

/// From here on, what is said is an entry of the log, which must have begun.
pub(crate) fn into_the_log() {
    IN_THE_LOG.store(true, Ordering::Relaxed);
}

/// Says something, now or as soon as somebody reads. If nobody ever does, that is
/// no reason to fail.
pub(crate) fn complain(message: fmt::Arguments<'_>) {
    let text = shown(message);
    if IN_THE_LOG.load(Ordering::Relaxed) {
        tracing::warn!("{}", text.trim_end());
        return;
    }
    queue(text);
}

fn queue(text: String) {
    let Some(speaker) = SPEAKER.get() else {
        say(&text);
        return;
    };
    let length = text.len();
    if WAITING.fetch_add(length, Ordering::Relaxed) > MOST_WAITING {
        WAITING.fetch_sub(length, Ordering::Relaxed);
        LOST.fetch_add(1, Ordering::Relaxed);
        return;
    }
    drop(speaker.send(Message::Say(text)));
}

/// Says a table, of which each line is one.
pub(crate) fn tabulate(table: &str) {
    let lines: Vec<_> = table.lines().map(escaped).collect();
    let mut text = lines.join("\n");
    text.push('\n');
    queue(text);
}

/// What components print, and warnings about them, are messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Voice;

impl Notices for Voice {
    fn warn(&self, warning: &str) {
        complain(format_args!("warning: {warning}"));
    }

    fn printed(&self, component: &str, _: &'static str, line: &str) {
        complain(format_args!("{component} | {line}"));
    }
}

/// Says something before it returns. For a terminal.
pub(crate) fn complain_now(message: fmt::Arguments<'_>) {
    say(&shown(message));
}

/// Says something before it returns, or gives up if nobody reads. For a process that was
/// asked to end.
pub(crate) fn complain_within(time: Duration, message: fmt::Arguments<'_>) {
    let text = shown(message);
    let (said, done) = channel();
    let say = move || {
        say(&text);
        said.send(())
    };
    if thread::Builder::new().spawn(say).is_ok() {
        let _ = done.recv_timeout(time);
    }
}

/// Waits until everything was said.
pub(crate) async fn heard() {
    if let Some(speaker) = SPEAKER.get() {
        let (done, said) = oneshot::channel();
        drop(speaker.send(Message::Said(done)));
        let _ = said.await;
    }
}

/// A guest has a say in some of what is printed here: in what it trapped with, in the
/// names of its functions and files. Control characters are shown, not sent to the
/// terminal, and only an indented line is a line of its own: a message begins where no
/// other can.
fn shown(message: fmt::Arguments<'_>) -> String {
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

fn say(text: &str) {
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
            assert_eq!(shown(format_args!("{message}")), text);
        }
    }
}
