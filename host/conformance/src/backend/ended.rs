use super::stop::Stop;
use crate::check::Fault;
use crate::error::Error;

/// What ends a vector early.
pub(super) enum Ended {
    /// The component does something wrong.
    Wrong(Fault),
    /// The component does not go on, and when that was.
    Stopped(Stop, String),
    /// The fault is ours.
    Broken(Error),
}

impl Ended {
    /// `when` says what the component was given, or asked.
    pub(super) fn stopped(stop: Stop, when: &str) -> Self {
        Self::Stopped(stop, when.into())
    }
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}
