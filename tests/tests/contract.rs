//! The WIT package is the contract: it says what Rust says, and no later text of
//! it breaks those who were built against an earlier one.

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

#[path = "contract/bindings.rs"]
mod bindings;

#[path = "contract/ungated.rs"]
mod ungated;

#[path = "contract/page.rs"]
mod page;

#[path = "contract/encoded.rs"]
mod encoded;
