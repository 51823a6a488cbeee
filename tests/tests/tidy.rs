//! The rules of the house that no compiler checks.

#[path = "tidy/tree.rs"]
mod tree;

#[path = "tidy/code.rs"]
mod code;

#[path = "tidy/dependencies.rs"]
mod dependencies;

#[path = "tidy/sources.rs"]
mod sources;

#[path = "tidy/packages.rs"]
mod packages;

#[path = "tidy/workflows.rs"]
mod workflows;

#[path = "tidy/prose.rs"]
mod prose;
