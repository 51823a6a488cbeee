//! The WIT package is the contract: it says what Rust says, and no later text of
//! it breaks those who were built against an earlier one.

mod package;

mod labels;

mod encoded;

mod functions;

mod worlds;

mod members;

mod frozen;

mod bindings;

mod ungated;

mod page;
