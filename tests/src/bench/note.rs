#![allow(clippy::print_stderr, reason = "what it is for")]

/// Reports a step or an error.
pub(super) fn note(text: &str) {
    eprintln!("{text}");
}
