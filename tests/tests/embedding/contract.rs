//! The WIT package is the contract: it equals the Rust contract, and no later version
//! breaks components of an earlier one.

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
