//! The WIT package is the contract: it says what DESIGN and Rust say, and no
//! later text of it breaks those who were built against an earlier one.

#![allow(
    clippy::panic,
    reason = "a test fails by panicking, and an assertion says why"
)]

#[path = "contract/package.rs"]
mod package;

#[path = "contract/labels.rs"]
mod labels;

#[path = "contract/functions.rs"]
mod functions;

#[path = "contract/worlds.rs"]
mod worlds;

#[path = "contract/members.rs"]
mod members;

#[path = "contract/frozen.rs"]
mod frozen;

#[path = "contract/page.rs"]
mod page;
