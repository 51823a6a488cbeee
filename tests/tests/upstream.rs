//! The published crates of the same contract: their backend takes a guest's
//! records, ours takes a native runner's, and both expose the same samples.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]
