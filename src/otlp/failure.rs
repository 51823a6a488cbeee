use std::time::Duration;

/// Reason why a push was not accepted, and the time of the next one.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) why: String,
    pub(super) retry: Retry,
    /// Minimum wait that the collector requests. It can lengthen a wait, and not shorten it.
    pub(super) wait: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Retry {
    /// The failure can be temporary.
    Soon,
    /// The collector would reject the same push again. The next push follows with new totals.
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
