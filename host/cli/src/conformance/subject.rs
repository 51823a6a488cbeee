use std::sync::Arc;
use std::time::Duration;

use solti_metrics::{Event, MetricsBackend, MetricsHandle};
use solti_metrics_host::DropReason;
use solti_metrics_host::provider::{
    BackendOptions, BackendStatus, ComponentBackend, Limits, NotRunning, Provider, StartError,
};
use solti_metrics_server::{Notices, printing};

use super::counts::{Counter, Counts};
use super::untested::Untested;
use super::verdict::Fault;
use crate::voice::Voice;

/// How often it is looked whether everything was taken.
const LOOK: Duration = Duration::from_millis(1);

/// How long it may take to stop, once everything was taken.
const STOPPING: Duration = Duration::from_secs(1);

/// How it is told of a component that this process, and not it, was in the way.
const PROCESS_LIMIT: &str = "could not go on: ";

/// How components that receive records are run here.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    pub(super) provider: Provider,
    pub(super) limits: Limits,
    /// How long a call may take.
    pub(super) deadline: Duration,
    /// Whether what it prints is shown.
    pub(super) output: bool,
}

impl Setting {
    /// An error, if it is this process that keeps the component from being started.
    pub(super) fn untested(&self, error: &StartError) -> Result<(), Untested> {
        match error.process_limit() {
            Some(limit) => Err(Untested::new(self.provider.name(), limit)),
            None => Ok(()),
        }
    }
}

/// A component that receives records, under test.
pub(super) struct Subject<'a> {
    setting: &'a Setting,
    backend: ComponentBackend,
    next: Arc<Counter>,
}

/// Why it does not go on.
#[derive(Debug, Clone)]
pub(super) enum Stop {
    /// Its instance is gone.
    Died {
        cause: String,
        last_words: Option<String>,
    },
    /// It says that it could not.
    Refused { said: String },
}

impl<'a> Subject<'a> {
    /// `batches` is whether many records are handed over in one call, if it can take
    /// them so.
    pub(super) fn start(setting: &'a Setting, batches: bool) -> Result<Self, StartError> {
        let next = Arc::new(Counter::default());
        let mut options = BackendOptions::default();
        options.limits = setting.limits.clone();
        options.deadline = setting.deadline;
        options.batches = batches;
        // It is flushed when a vector says so.
        options.flush_every = Duration::MAX;
        // After a failure, nothing is to be waited for.
        options.restart.failures = 1;
        options.next = Some(Arc::clone(&next) as MetricsHandle);
        if setting.output {
            [options.stdout, options.stderr] = printing(
                &(Arc::new(Voice) as Arc<dyn Notices>),
                setting.provider.name(),
            );
        }
        Ok(Self {
            backend: ComponentBackend::start(&setting.provider, options)?,
            setting,
            next,
        })
    }

    /// Records, and waits until everything was taken.
    pub(super) async fn record(&self, events: &[Event]) -> Result<(), Stop> {
        self.backend.record_batch(events);
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
        replaced.map_err(|error| Stop::Died {
            cause: match error.process_limit() {
                Some(limit) => format!("{PROCESS_LIMIT}{limit}"),
                None => error.to_string(),
            },
            last_words: None,
        })?;
        self.settle().await
    }

    pub(super) fn name(&self) -> &str {
        self.setting.provider.name()
    }

    pub(super) fn status(&self) -> BackendStatus {
        self.backend.status()
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
                    cause: error.to_string(),
                    last_words: None,
                };
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

impl Stop {
    /// Whether it has failed, and how.
    fn of(status: &BackendStatus) -> Option<Self> {
        let cause = status.last_failure.clone()?;
        let last_words = status.last_words.clone();
        Some(Self::Died { cause, last_words })
    }

    /// What happened, in a few words that are the same for the same thing.
    pub(super) fn cause(&self) -> String {
        match self {
            Self::Died { cause, .. } => format!("it {cause}"),
            Self::Refused { said } => format!("it says: {said}"),
        }
    }

    pub(super) fn timed_out(&self) -> bool {
        matches!(self, Self::Died { cause, .. } if cause.starts_with("did not return"))
    }

    /// Why nothing can be said of the component, if this process was in its way.
    pub(super) fn untested(&self, name: &str) -> Option<Untested> {
        match self {
            Self::Died { cause, .. } if cause.starts_with(PROCESS_LIMIT) => {
                Some(Untested::new(name, format_args!("it {cause}")))
            }
            _ => None,
        }
    }

    pub(super) fn out_of_memory(&self) -> bool {
        matches!(self, Self::Died { cause, .. } if cause.starts_with("hit the limit on memory"))
    }

    /// `when` says what it was given, or asked.
    pub(super) fn fault(&self, when: &str) -> Fault {
        let cause = self.cause();
        let (expected, fix) = match self {
            Self::Refused { .. } => (
                "flushing succeeds, with and without anything to hand on",
                "return an error only for what could not be handed on; if it lacks a file or a server, grant it with --grant",
            ),
            Self::Died { cause, .. } => ("its calls return", advice(cause)),
        };
        let said = match self {
            Self::Died { last_words, .. } => last_words.as_deref().unwrap_or_default(),
            Self::Refused { .. } => "",
        };
        let said: String = said.lines().map(|line| format!("\n| {line}")).collect();
        Fault::new(expected, format!("{when}, {cause}{said}"), fix)
    }
}

fn advice(cause: &str) -> &'static str {
    let advice = [
        (
            "did not return",
            "return at once, and leave what takes long to `flush`; or allow more time with --timeout",
        ),
        (
            "hit the limit on memory",
            "keep less, or give it more with --memory",
        ),
        ("hit the limit", "ask for less of it, or raise that limit"),
        ("exited", "leave out `exit`: a backend has to stay"),
        (
            "cannot be given",
            "name with --grant what is there and may be used",
        ),
    ];
    let found = advice.iter().find(|(sign, _)| cause.starts_with(sign));
    found.map_or(
        "whatever comes is a record like any other: none may trap",
        |(_, advice)| advice,
    )
}
