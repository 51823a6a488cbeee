//! The rules of the project that no compiler checks.

mod tree;

mod circles;
mod code;

mod dependencies;

mod packages;

mod workflows;

mod sources;

mod prose;
