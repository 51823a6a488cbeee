//! Code that several tests share.

pub mod artifact;
pub mod bench;
pub mod blocks;
pub mod cached_code;
pub mod child;
pub mod counted;
pub mod endurance;
pub mod exposition;
pub mod granted;
pub mod guest;
pub mod guests;
pub mod http;
pub mod operations;
pub mod oracle;
pub mod page;
pub mod parts;
pub mod prometheus;
pub mod script;
pub mod series;
pub mod served;
pub mod shell;
pub mod toolchains;
pub mod trial;
pub mod write_call;

/// Compiles the README's program for embedders.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub mod readme {}
