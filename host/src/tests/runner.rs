//! Messages of errors of tasks.

use std::time::Duration;

use super::{Result, limit, path, system, tell_once, text, trap};
use crate::engine::BuildError;
use crate::limits::{Limit, Limits};
use crate::runner::SpawnError;
use crate::wasi::Holdings;

#[test]
fn an_error_of_a_runner_tells_its_cause_once() -> Result {
    let reason = Holdings::new(&Limits::new().descriptors(0), 1)
        .err()
        .ok_or("there is a descriptor")?;
    let all = [
        SpawnError::Dir {
            path: path(),
            reason: system().into(),
        },
        SpawnError::Stdin {
            path: path(),
            reason: system(),
        },
        SpawnError::Descriptors { reason },
        SpawnError::Thread { reason: text() },
        SpawnError::NulInText { text: text() },
        SpawnError::Limit {
            limit: Limit::Memory,
            reason: text(),
        },
        SpawnError::ProcessLimit { limit: limit()? },
        SpawnError::NoSlot { reason: text() },
        SpawnError::OtherRunner,
        SpawnError::Exited { code: 1 },
        SpawnError::Instantiate { trap: trap() },
        SpawnError::Deadline {
            deadline: Duration::ZERO,
        },
        SpawnError::Canceled,
    ];
    tell_once(&all, include_str!("../runner/error.rs"))?;
    let all = [
        BuildError::Engine { reason: text() },
        BuildError::ProcessLimit { limit: limit()? },
        BuildError::Thread { reason: system() },
    ];
    tell_once(&all, include_str!("../engine/build_error.rs"))
}
