//! Early ends of vectors.

use super::stop::InstanceStop;
use crate::check::Fault;
use crate::error::Error;

/// Cause of the early end of a vector.
pub(super) enum VectorEnd {
    /// The component violates the contract.
    Wrong(Fault),
    /// The instance stopped, and the time of the stop.
    Stopped(InstanceStop, String),
    /// The test itself failed.
    Broken(Error),
}

impl VectorEnd {
    /// `when` describes the step at which the instance stopped.
    pub(super) fn stopped(stop: InstanceStop, when: &str) -> Self {
        Self::Stopped(stop, when.into())
    }
}

impl From<Error> for VectorEnd {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}
