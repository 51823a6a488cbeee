//! An instance of the provider, middleware or backend under test.

use solti_metrics::Event;

use super::component_instance::ComponentInstance;
use super::native_instance::NativeInstance;
use super::status::InstanceStatus;
use super::stop::InstanceStop;
use crate::counts::LabelCounts;

/// An instance of a component, or of a backend in Rust.
pub(super) enum TestInstance<'a> {
    Component(Box<ComponentInstance<'a>>),
    Native(NativeInstance<'a>),
}

impl TestInstance<'_> {
    /// Records the events, and waits until the instance has received them.
    pub(super) async fn record(&self, events: &[Event]) -> Result<(), InstanceStop> {
        match self {
            Self::Component(it) => it.record(events).await,
            Self::Native(it) => it.record(events),
        }
    }

    /// Waits until the instance has received all records.
    pub(super) async fn settle(&self) -> Result<(), InstanceStop> {
        match self {
            Self::Component(it) => it.settle().await,
            Self::Native(_) => Ok(()),
        }
    }

    pub(super) async fn flush(&self) -> Result<(), InstanceStop> {
        match self {
            Self::Component(it) => it.flush().await,
            Self::Native(_) => Ok(()),
        }
    }

    /// The exposition of the instance. The inner error is a failure of the exposition as a
    /// whole.
    pub(super) async fn expose(&self) -> Result<Result<String, String>, InstanceStop> {
        match self {
            Self::Component(it) => it.expose().await,
            Self::Native(it) => it.expose(),
        }
    }

    /// Replaces the instance by a new one.
    pub(super) async fn restart(&self) -> Result<(), InstanceStop> {
        match self {
            Self::Component(it) => it.restart().await,
            Self::Native(it) => it.restart(),
        }
    }

    pub(super) fn status(&self) -> InstanceStatus {
        match self {
            Self::Component(it) => it.status(),
            Self::Native(it) => it.status(),
        }
    }

    /// Counts of the records that the instance has forwarded.
    pub(super) fn forwarded(&self) -> LabelCounts {
        match self {
            Self::Component(it) => it.forwarded(),
            Self::Native(_) => LabelCounts::default(),
        }
    }

    /// Stops the instance.
    pub(super) async fn stop(&self) {
        if let Self::Component(it) = self {
            it.stop().await;
        }
    }
}
