use std::time::Duration;

/// Why a push was not accepted, and when the next one makes sense.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) why: String,
    pub(super) retry: Retry,
    /// How long the receiver wants to be left alone. It can lengthen a wait, and not
    /// shorten it.
    pub(super) wait: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Retry {
    /// It may have been an accident.
    Soon,
    /// The same would be refused again: when there is more to be said.
    Later,
}

impl Failure {
    pub(super) fn soon(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            retry: Retry::Soon,
            wait: None,
        }
    }

    pub(super) fn later(why: impl Into<String>) -> Self {
        Self {
            retry: Retry::Later,
            ..Self::soon(why)
        }
    }
}
