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

use super::status::Status;
use super::stop::{Cause, Stop};
use crate::counts::{Counter, Counts};
use crate::options::{Options, OutputFn};

/// How often it is looked whether everything was taken.
const LOOK: Duration = Duration::from_millis(1);

/// How long it may take to stop, once everything was taken.
const STOPPING: Duration = Duration::from_secs(1);

/// How instances of a provider or a middleware are run.
#[derive(Clone)]
pub(super) struct ComponentSetting {
    pub(super) provider: Provider,
    pub(super) limits: Limits,
    /// How long a call may take.
    deadline: Duration,
    /// Where what it prints goes; nowhere if `None`.
    output: Option<OutputFn>,
}

/// One instance of it, behind a queue.
pub(super) struct ComponentInstance<'a> {
    setting: &'a ComponentSetting,
    backend: ComponentBackend,
    next: Arc<Counter>,
}

impl ComponentSetting {
    pub(super) fn new(provider: Provider, options: &Options) -> Self {
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
    /// `batches` is whether many records are handed over in one call, if it can take
    /// them so.
    pub(super) fn start(setting: &'a ComponentSetting, batches: bool) -> Result<Self, StartError> {
        let next = Arc::new(Counter::default());
        let mut options = BackendOptions::new()
            .limits(setting.limits.clone())
            .deadline(setting.deadline)
            .batches(batches)
            // It is flushed when a vector says so.
            .flush_every(Duration::MAX)
            // After a failure, nothing is to be waited for.
            .restart(RestartPolicy::new().failures(1))
            .next(Arc::clone(&next) as MetricsHandle);
        if let Some(output) = &setting.output {
            [options.stdout, options.stderr] = output(setting.role());
        }
        Ok(Self {
            backend: ComponentBackend::start(&setting.provider, options)?,
            setting,
            next,
        })
    }

    /// Records, and waits until everything was taken.
    pub(super) async fn record(&self, events: &[Event]) -> Result<(), Stop> {
        let recorded = self.backend.record_batch(events);
        recorded.map_err(|error| Stop::Died {
            cause: Cause::Other(error.to_string()),
            stderr_tail: None,
        })?;
        self.settle().await
    }

    /// Waits until everything was taken.
    pub(super) async fn settle(&self) -> Result<(), Stop> {
        loop {
            let status = self.backend.status();
            if let Some(stop) = Stop::of(&status) {
                return Err(stop);
            }
            let ledger = status.ledger;
            // What it says that it did not keep, and nothing that it died of.
            let discarded =
                ledger.dropped(DropReason::Sampled) + ledger.dropped(DropReason::BackendFailed);
            if ledger.in_flight() == 0 && ledger.dropped_total() == discarded {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    pub(super) async fn flush(&self) -> Result<(), Stop> {
        match self.backend.flush().await {
            Ok(()) => Ok(()),
            Err(NotRunning::Refused(said)) => Err(Stop::Refused { said }),
            Err(error) => Err(self.died(&error).await),
        }
    }

    /// Its exposition. An inner error is what is wrong with it as a whole.
    pub(super) async fn expose(&self) -> Result<Result<String, String>, Stop> {
        match self.backend.expose().await {
            Ok(text) => Ok(Ok(text)),
            Err(NotRunning::Refused(said)) => Ok(Err(format!("it is {said}"))),
            Err(error) => Err(self.died(&error).await),
        }
    }

    /// Another instance takes its place.
    pub(super) async fn restart(&self) -> Result<(), Stop> {
        let replaced = self.backend.replace(&self.setting.provider).await;
        replaced.map_err(|error| Stop::of_start(&error))?;
        self.settle().await
    }

    pub(super) fn status(&self) -> Status {
        self.backend.status().into()
    }

    /// What it has forwarded.
    pub(super) fn forwarded(&self) -> Counts {
        self.next.counts()
    }

    /// Lets go of it.
    pub(super) async fn stop(&self) {
        self.backend.stop(STOPPING).await;
    }

    /// Why it could not be asked: it is told of soon, if it has just failed.
    async fn died(&self, error: &NotRunning) -> Stop {
        loop {
            if let Some(stop) = Stop::of(&self.backend.status()) {
                return stop;
            }
            if !matches!(error, NotRunning::Failed(_)) {
                return Stop::Died {
                    cause: Cause::Other(error.to_string()),
                    stderr_tail: None,
                };
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
