//! Messages of errors of backends.

use std::time::Duration;

use super::{Result, limit, system, tell_once, text, trap};
use crate::limits::Limit;
use crate::provider::{BackendFailure, BackendState, NotRunning, StartError};

#[test]
fn an_error_of_a_provider_tells_its_cause_once() -> Result {
    let failures = [
        BackendFailure::Trapped { trap: trap() },
        BackendFailure::Exited { code: 1 },
        BackendFailure::LimitHit {
            limit: Limit::Memory,
            trap: trap(),
        },
        BackendFailure::ProcessLimit { limit: limit()? },
        BackendFailure::TimedOut {
            deadline: Duration::ZERO,
        },
        BackendFailure::Panicked { message: text() },
        BackendFailure::Grant { reason: text() },
    ];
    tell_once(&failures, include_str!("../provider/failure.rs"))?;
    let [failure, ..] = failures;
    let all = [
        StartError::Thread {
            name: text(),
            reason: system(),
        },
        StartError::Failed {
            name: text(),
            failure: failure.clone(),
            stderr_tail: Some(text()),
        },
        StartError::NoNext { name: text() },
        StartError::OtherRole {
            name: text(),
            middleware: true,
        },
        StartError::Stopped { name: text() },
    ];
    tell_once(&all, include_str!("../provider/error.rs"))?;
    let all = [
        NotRunning::State {
            state: BackendState::Stopped,
        },
        NotRunning::Failed(failure),
        NotRunning::Refused(text()),
        NotRunning::Unsupported("lifecycle"),
    ];
    tell_once(&all, include_str!("../provider/error.rs"))
}
