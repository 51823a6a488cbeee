//! An instance of a provider or a middleware.

use std::sync::Arc;
use std::time::Duration;

use solti_metrics::{Event, MetricsBackend, MetricsHandle};
use solti_metrics_host::DropReason;
use solti_metrics_host::component::Role;
use solti_metrics_host::limits::Limits;
use solti_metrics_host::provider::{
    BackendOptions, ComponentBackend, NotRunning, Provider, RestartPolicy, StartError,
};

use super::status::InstanceStatus;
use super::stop::{InstanceStop, StopCause};
use crate::counts::{CountingBackend, LabelCounts};
use crate::options::{RoleOutputsFn, TestOptions};

/// Interval between two checks of the ledger.
const LOOK: Duration = Duration::from_millis(1);

/// Maximum time for an instance to stop after it received all records.
const STOPPING: Duration = Duration::from_secs(1);

/// Creates instances of a provider or a middleware.
#[derive(Clone)]
pub(super) struct ComponentFactory {
    pub(super) provider: Provider,
    pub(super) limits: Limits,
    /// Maximum duration of a call.
    deadline: Duration,
    /// Destination of the output of the component. `None` discards the output.
    output: Option<RoleOutputsFn>,
}

/// An instance of a provider or middleware, behind a queue.
pub(super) struct ComponentInstance<'a> {
    factory: &'a ComponentFactory,
    backend: ComponentBackend,
    next: Arc<CountingBackend>,
}

impl ComponentFactory {
    pub(super) fn new(provider: Provider, options: &TestOptions) -> Self {
        let BackendOptions {
            mut limits,
            deadline,
            ..
        } = BackendOptions::default();
        options.limit(&mut limits);
        Self {
            provider,
            limits,
            deadline: options.timeout.unwrap_or(deadline),
            output: options.output.clone(),
        }
    }

    fn role(&self) -> Role {
        self.provider.inspection().role()
    }
}

impl<'a> ComponentInstance<'a> {
    /// Starts an instance. `batches` allows batches, if the component exports `batch`.
    pub(super) fn start(factory: &'a ComponentFactory, batches: bool) -> Result<Self, StartError> {
        let next = Arc::new(CountingBackend::default());
        let mut options = BackendOptions::new()
            .limits(factory.limits.clone())
            .deadline(factory.deadline)
            .batches(batches)
            // Only the steps of a vector flush the instance.
            .flush_interval(Duration::MAX)
            // After one failure, the instance is not restarted.
            .restart(RestartPolicy::new().failures(1))
            .next(Arc::clone(&next) as MetricsHandle);
        if let Some(output) = &factory.output {
            [options.stdout, options.stderr] = output(factory.role());
        }
        Ok(Self {
            backend: ComponentBackend::start(&factory.provider, options)?,
            factory,
            next,
        })
    }

    /// Records the events, and waits until the component has received them.
    pub(super) async fn record(&self, events: &[Event]) -> Result<(), InstanceStop> {
        let recorded = self.backend.record_batch(events);
        recorded.map_err(|error| InstanceStop::Died {
            cause: StopCause::Other(error.to_string()),
            stderr_tail: None,
        })?;
        self.settle().await
    }

    /// Waits until the component has received all records.
    pub(super) async fn settle(&self) -> Result<(), InstanceStop> {
        loop {
            let status = self.backend.status();
            if let Some(stop) = InstanceStop::of(&status) {
                return Err(stop);
            }
            let ledger = status.ledger;
            // Records that the component reports as discarded. Other drops are the result
            // of a failure.
            let discarded =
                ledger.dropped(DropReason::Sampled) + ledger.dropped(DropReason::BackendFailed);
            if ledger.in_flight() == 0 && ledger.dropped_total() == discarded {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    pub(super) async fn flush(&self) -> Result<(), InstanceStop> {
        match self.backend.flush().await {
            Ok(()) => Ok(()),
            Err(NotRunning::Refused(said)) => Err(InstanceStop::Refused { said }),
            Err(error) => Err(self.died(&error).await),
        }
    }

    /// The exposition of the component. The inner error is a failure of the exposition as a
    /// whole.
    pub(super) async fn expose(&self) -> Result<Result<String, String>, InstanceStop> {
        match self.backend.expose().await {
            Ok(text) => Ok(Ok(text)),
            Err(NotRunning::Refused(said)) => Ok(Err(said)),
            Err(error) => Err(self.died(&error).await),
        }
    }

    /// Replaces the instance by a new one.
    pub(super) async fn restart(&self) -> Result<(), InstanceStop> {
        let replaced = self.backend.replace(&self.factory.provider).await;
        replaced.map_err(|error| InstanceStop::of_start(&error))?;
        self.settle().await
    }

    pub(super) fn status(&self) -> InstanceStatus {
        self.backend.status().into()
    }

    /// Counts of the records that the component has forwarded.
    pub(super) fn forwarded(&self) -> LabelCounts {
        self.next.counts()
    }

    /// Stops the instance.
    pub(super) async fn stop(&self) {
        self.backend.stop(STOPPING).await;
    }

    /// Reason why a call was not possible. After a failure, the status reports the cause
    /// with a short delay.
    async fn died(&self, error: &NotRunning) -> InstanceStop {
        loop {
            if let Some(stop) = InstanceStop::of(&self.backend.status()) {
                return stop;
            }
            if !matches!(error, NotRunning::Failed(_)) {
                return InstanceStop::Died {
                    cause: StopCause::Other(error.to_string()),
                    stderr_tail: None,
                };
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
