//! The protocols of the engine: the files of the server, with primitives that `loom` models.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "other files of the server use more of these files"
)]

mod due_runs_models;
mod replaceable_slot_models;
mod restart_state_models;
mod run;

#[path = "../../host/server/src/engine/due_runs.rs"]
mod due_runs;
#[path = "../../host/server/src/engine/replaceable_slot.rs"]
mod replaceable_slot;
#[path = "../../host/server/src/engine/restart_state.rs"]
mod restart_state;
#[path = "../../host/server/src/engine/run_outcome.rs"]
mod run_outcome;
#[path = "../../host/server/src/engine/run_queue.rs"]
mod run_queue;
#[path = "../../host/server/src/engine/stats.rs"]
mod stats;

use run_outcome::RunOutcome;

use crate::sync;
