//! An instance of the provider, middleware or backend under test.

use solti_metrics::Event;

use super::component_instance::ComponentInstance;
use super::native_instance::NativeInstance;
use super::status::Status;
use super::stop::Stop;
use crate::counts::Counts;

/// One instance of what receives records.
pub(super) enum Instance<'a> {
    Component(Box<ComponentInstance<'a>>),
    Native(NativeInstance<'a>),
}

impl Instance<'_> {
    /// Records, and waits until everything was taken.
    pub(super) async fn record(&self, events: &[Event]) -> Result<(), Stop> {
        match self {
            Self::Component(it) => it.record(events).await,
            Self::Native(it) => it.record(events),
        }
    }

    /// Waits until everything was taken.
    pub(super) async fn settle(&self) -> Result<(), Stop> {
        match self {
            Self::Component(it) => it.settle().await,
            Self::Native(_) => Ok(()),
        }
    }

    pub(super) async fn flush(&self) -> Result<(), Stop> {
        match self {
            Self::Component(it) => it.flush().await,
            Self::Native(_) => Ok(()),
        }
    }

    /// Its exposition. An inner error is what is wrong with it as a whole.
    pub(super) async fn expose(&self) -> Result<Result<String, String>, Stop> {
        match self {
            Self::Component(it) => it.expose().await,
            Self::Native(it) => it.expose(),
        }
    }

    /// Another instance takes its place.
    pub(super) async fn restart(&self) -> Result<(), Stop> {
        match self {
            Self::Component(it) => it.restart().await,
            Self::Native(it) => it.restart(),
        }
    }

    pub(super) fn status(&self) -> Status {
        match self {
            Self::Component(it) => it.status(),
            Self::Native(it) => it.status(),
        }
    }

    /// What it has forwarded.
    pub(super) fn forwarded(&self) -> Counts {
        match self {
            Self::Component(it) => it.forwarded(),
            Self::Native(_) => Counts::default(),
        }
    }

    /// Lets go of it.
    pub(super) async fn stop(&self) {
        if let Self::Component(it) = self {
            it.stop().await;
        }
    }
}
