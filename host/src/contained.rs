//! Panics of libraries, as errors.

#[cfg(feature = "execution")]
mod blocking;

#[cfg(feature = "execution")]
pub(crate) use blocking::{BlockingError, blocking};

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::text::printable;

thread_local! {
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread, at this moment, becomes an error: a component can make libraries
/// panic that validate, compile and compose. A panic hook can be silent in that case.
#[must_use]
pub fn panic_is_contained() -> bool {
    CONTAINED.get()
}

/// Runs work that may panic at unexpected bytes, and returns the message of the panic.
///
/// # Errors
///
/// When the work panics.
pub fn contained<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    let before = CONTAINED.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    CONTAINED.set(before);
    done.map_err(|panic| panic_text(&*panic))
}

/// The message of a panic, on one line.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    printable(text.unwrap_or("a panic without a text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::panic, reason = "that is what is contained")]
    fn a_panic_is_an_error_with_its_message() {
        let number = 7;
        assert_eq!(contained(|| number), Ok(7));
        let said = contained(|| {
            assert!(panic_is_contained());
            panic!("at {number}\n");
        });
        assert_eq!(said.err().as_deref(), Some("at 7\\n"));
        assert!(!panic_is_contained());
    }
}
