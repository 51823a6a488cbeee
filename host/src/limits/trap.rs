//! Traps of guests, and the limits behind them.

use std::fmt::{self, Write};

use wasmtime::{Trap, WasmBacktrace};
use wasmtime_wasi::ResourceTableError;

use super::Limit;
use crate::text::printable;

/// Cause of a guest's trap, and its place in the code.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GuestTrap {
    /// Cause.
    pub message: String,
    /// Stack of functions, innermost first, one for each line, with the offset in the core module.
    /// Names come from the component: they are made printable, and may be wrong.
    pub backtrace: String,
}

impl GuestTrap {
    pub(crate) fn of_error(error: &wasmtime::Error) -> Self {
        let message = match error.downcast_ref::<Trap>() {
            Some(trap) => trap.to_string(),
            None => error.root_cause().to_string(),
        };
        let message = printable(message.strip_prefix("wasm trap: ").unwrap_or(&message));
        let mut backtrace = String::new();
        if let Some(trace) = error.downcast_ref::<WasmBacktrace>() {
            for (number, frame) in trace.frames().iter().enumerate() {
                let name = printable(frame.func_name().unwrap_or("<unnamed>"));
                let offset = frame.module_offset().unwrap_or_default();
                // Writing to a string cannot fail.
                let _ = writeln!(backtrace, "{number}: {offset:#x} {name}");
            }
        }
        Self { message, backtrace }
    }
}

impl fmt::Display for GuestTrap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Limits that wasmtime itself enforces. Some of its errors have a type; the others are recognized
/// by their text, each with a test that fails when the text changes (`tests/faults`).
pub(crate) fn limit_behind(error: &wasmtime::Error) -> Option<Limit> {
    if let Some(Trap::StackOverflow) = error.downcast_ref() {
        return Some(Limit::Stack);
    }
    if let Some(ResourceTableError::Full) = error.downcast_ref() {
        return Some(Limit::Handles);
    }
    let text = error.root_cause().to_string();
    [
        (
            "fuel allocated for hostcalls has been exhausted",
            Limit::HostCallData,
        ),
        ("resource table has no free keys", Limit::Handles),
        ("handle limit exceeded", Limit::Handles),
        ("exceeds limit", Limit::Random),
        ("memory count too high", Limit::Memories),
        ("table count too high", Limit::Tables),
        ("instance count too high", Limit::Instances),
    ]
    .into_iter()
    .find_map(|(sign, limit)| text.contains(sign).then_some(limit))
}
