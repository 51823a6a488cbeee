//! Code that several tests share.

pub mod artifact;
pub mod bench;
pub mod blocks;
pub mod cached_code;
pub mod campaign;
pub mod child;
pub mod counted;
pub mod crashes;
pub mod endurance;
pub mod exposition;
pub mod granted;
pub mod guest;
pub mod guests;
pub mod http;
pub mod operations;
pub mod page;
pub mod parts;
pub mod program;
pub mod prometheus;
pub mod reference_tool;
pub mod runs;
pub mod script;
pub mod series;
pub mod served;
pub mod shell;
pub mod test_folder;
pub mod toolchains;
pub mod tree;
pub mod trial;
pub mod write_call;

/// The programs for embedders compile.
#[cfg(doctest)]
#[doc = include_str!("../../docs/embed/README.md")]
pub mod embed {}

/// The programs for authors of backends compile.
#[cfg(doctest)]
#[doc = include_str!("../../docs/backends/README.md")]
pub mod backends {}
