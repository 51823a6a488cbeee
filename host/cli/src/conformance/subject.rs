use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use solti_metrics::{Event, MetricsBackend, MetricsHandle};
use solti_metrics_host::DropReason;
use solti_metrics_host::provider::{
    BackendOptions, BackendStatus, ComponentBackend, NotRunning, Output, Provider, StartError,
};
use solti_metrics_host::runner::printable;

use super::counts::{Counter, Counts};
use super::verdict::Fault;

/// How often it is looked whether everything was taken.
const LOOK: Duration = Duration::from_millis(1);

/// How long it may take to stop, once everything was taken.
const STOPPING: Duration = Duration::from_secs(1);

/// Of what it printed last, so many bytes are kept.
const TAIL: usize = 2048;

/// How components that receive records are run here.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    pub(super) provider: Provider,
    /// Bytes of linear memory.
    pub(super) memory: usize,
    /// How long a call may take.
    pub(super) deadline: Duration,
    /// Whether what it prints is shown.
    pub(super) output: bool,
}

/// A component that receives records, under test.
pub(super) struct Subject<'a> {
    setting: &'a Setting,
    backend: ComponentBackend,
    next: Arc<Counter>,
    printed: Arc<Mutex<Vec<u8>>>,
}

/// Why it does not go on.
#[derive(Debug, Clone)]
pub(super) enum Stop {
    /// Its instance is gone.
    Died { cause: String, printed: String },
    /// It says that it could not.
    Refused { said: String },
}

impl<'a> Subject<'a> {
    /// `batches` is whether many records are handed over in one call, if it can take
    /// them so.
    pub(super) fn start(setting: &'a Setting, batches: bool) -> Result<Self, StartError> {
        let (next, printed) = (Arc::new(Counter::default()), Arc::default());
        let mut options = BackendOptions::default();
        options.memory = setting.memory;
        options.deadline = setting.deadline;
        options.batches = batches;
        // It is flushed when a vector says so.
        options.flush_every = Duration::MAX;
        // After a failure, nothing is to be waited for.
        options.restart.failures = 1;
        options.next = Some(Arc::clone(&next) as MetricsHandle);
        options.stdout = shown(setting, &printed, false);
        options.stderr = shown(setting, &printed, true);
        Ok(Self {
            backend: ComponentBackend::start(&setting.provider, options)?,
            setting,
            next,
            printed,
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
            if let Some(cause) = status.last_failure {
                return Err(self.died(cause));
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
            Err(NotRunning::Failed(failure)) => Err(self.died(failure.to_string())),
            Err(other) => Err(self.died(other.to_string())),
        }
    }

    /// Its exposition. An inner error is what is wrong with it as a whole.
    pub(super) async fn expose(&self) -> Result<Result<String, String>, Stop> {
        match self.backend.expose().await {
            Ok(text) => Ok(Ok(text)),
            Err(NotRunning::Refused(said)) => Ok(Err(format!("it is {said}"))),
            Err(NotRunning::Failed(failure)) => Err(self.died(failure.to_string())),
            Err(other) => Err(self.died(other.to_string())),
        }
    }

    /// Another instance takes its place.
    pub(super) async fn restart(&self) -> Result<(), Stop> {
        let replaced = self.backend.replace(&self.setting.provider).await;
        replaced.map_err(|error| self.died(error.to_string()))?;
        self.settle().await
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

    fn died(&self, cause: String) -> Stop {
        let printed = self.printed.lock();
        let text = String::from_utf8_lossy(&printed);
        let mut lines: Vec<_> = text.lines().rev().filter(|line| !line.is_empty()).collect();
        lines.truncate(3);
        lines.reverse();
        let lines: Vec<_> = lines.into_iter().map(printable).collect();
        let printed = lines.join("\n");
        Stop::Died { cause, printed }
    }
}

impl Stop {
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
        let printed = match self {
            Self::Died { printed, .. } if !printed.is_empty() => format!("\n{printed}"),
            _ => String::new(),
        };
        Fault::new(expected, format!("{when}, {cause}{printed}"), fix)
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
        ("hit the limit", "ask for less of it"),
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

/// What it prints on standard error says why it traps, in many a language.
fn shown(setting: &Setting, printed: &Arc<Mutex<Vec<u8>>>, kept: bool) -> Output {
    if setting.output {
        return Output::Stderr;
    }
    if !kept {
        return Output::Discard;
    }
    let printed = Arc::clone(printed);
    Output::To(Arc::new(move |bytes| {
        let mut printed = printed.lock();
        printed.extend_from_slice(bytes);
        let more = printed.len().saturating_sub(TAIL);
        printed.drain(..more);
    }))
}
