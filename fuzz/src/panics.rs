//! Panics of all threads of the process.

use std::panic;
use std::sync::Once;

use parking_lot::Mutex;
use solti_metrics_host::contained::panic_is_contained;

static SEEN: Mutex<Option<String>> = Mutex::new(None);
static WATCHED: Once = Once::new();

/// Message of a panic that a target expects, for example of a backend that is broken on purpose.
pub const EXPECTED: &str = "this backend is broken";

/// Remembers each later panic, of any thread, that is not turned into an error.
pub fn watch() {
    WATCHED.call_once(|| {
        panic::set_hook(Box::new(|panic| {
            let text = panic.to_string();
            if !panic_is_contained() && !text.contains(EXPECTED) {
                SEEN.lock().get_or_insert(text);
            }
        }));
    });
}

/// The first panic since the last call.
#[must_use]
pub fn seen() -> Option<String> {
    SEEN.lock().take()
}
