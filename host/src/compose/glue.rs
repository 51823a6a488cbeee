//! Small components that a composition adds to its parts, as text.

/// Component with the shared types, which all parts import.
pub(crate) const TYPES: &str = include_str!("types.wat");

/// Component with a `main` that flushes the other parts after the guest's `main`.
pub(super) fn flush_after_run(asynchronous: bool) -> String {
    let kind = if asynchronous { "async" } else { "" };
    with_shared_text(include_str!("flush_after_run.wat")).replace("ASYNC", kind)
}

/// Component with an exit that flushes the other parts first. `exit` is the name of the interface.
pub(super) fn flush_before_exit(exit: &str) -> String {
    with_shared_text(include_str!("flush_before_exit.wat")).replace("EXIT", exit)
}

/// Component that combines two lifecycles.
pub(super) fn flush_both() -> String {
    with_shared_text(include_str!("flush_both.wat"))
}

/// Inserts the text that several of these components share.
fn with_shared_text(text: &str) -> String {
    text.replace("HEAP", include_str!("heap.wat").trim_start())
        .replace("SAY", include_str!("say.wat").trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_a_component() {
        for text in [
            TYPES.to_owned(),
            flush_after_run(false),
            flush_after_run(true),
            flush_before_exit("wasi:cli/exit@0.2.12"),
            flush_both(),
        ] {
            let bytes = wat::parse_str(&text).unwrap_or_default();
            let valid = wasmparser::validate(&bytes).map(drop);
            assert!(valid.is_ok(), "{valid:?}\n{text}");
        }
    }
}
