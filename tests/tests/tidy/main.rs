//! The rules of the house that no compiler checks.

mod tree;

mod circles;
mod code;

mod dependencies;

mod packages;

mod rust_version;

mod workflows;

mod sources;

mod prose;
