//! What is said on standard error.
//!
//! If nobody reads there, writing blocks, and must not hold up whoever has
//! something to say: neither the tasks, nor a request to terminate.

use std::fmt;
use std::io::{self, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use tokio::sync::oneshot;

/// Set once there is a thread that speaks.
static SPEAKER: OnceLock<Sender<Message>> = OnceLock::new();

/// Whether what is said is an entry of the log instead.
static IN_THE_LOG: AtomicBool = AtomicBool::new(false);

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
                Message::Say(text) => say(&text),
                // Whoever asked may have lost patience.
                Message::Said(done) => drop(done.send(())),
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
    match SPEAKER.get() {
        Some(speaker) => drop(speaker.send(Message::Say(text))),
        None => say(&text),
    }
}

/// Says something before it returns. For a terminal.
pub(crate) fn complain_now(message: fmt::Arguments<'_>) {
    say(&shown(message));
}

/// Waits until everything was said.
pub(crate) async fn heard() {
    if let Some(speaker) = SPEAKER.get() {
        let (done, said) = oneshot::channel();
        drop(speaker.send(Message::Said(done)));
        let _ = said.await;
    }
}

/// A guest has a say in some of what is printed here: in what it trapped with,
/// and in the names of its functions. Control characters are shown, not sent to
/// the terminal.
fn shown(message: fmt::Arguments<'_>) -> String {
    let mut text = String::new();
    for character in message.to_string().chars() {
        match character {
            '\n' => text.push('\n'),
            shown if !shown.is_control() => text.push(shown),
            hidden => text.extend(hidden.escape_default()),
        }
    }
    text.push('\n');
    text
}

fn say(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}
