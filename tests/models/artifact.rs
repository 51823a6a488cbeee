//! The counters of compilations: the file of the host, with atomics that `loom` models.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "other files of the host use more of this file"
)]

mod compiler;
#[path = "../../host/src/artifact/counters.rs"]
mod counters;
mod counters_models;

use crate::sync;
