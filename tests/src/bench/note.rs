#![allow(clippy::print_stderr, reason = "what it is for")]

/// Says what is being done, or what went wrong.
pub(super) fn note(text: &str) {
    eprintln!("{text}");
}
