//! Errors of a compilation, in the place of `host/src/artifact/compiler.rs`.

#[derive(Debug)]
pub(super) enum NotCompiled {
    NotComposed(String),
    Refused(String),
}
