//! Why what is tested does not go on, and what its author can change.

use std::fmt;

use solti_metrics_host::limits::Limit;
use solti_metrics_host::provider::{BackendFailure, BackendStatus, StartError};

use crate::check::Fault;
use crate::error::Error;
use crate::options::Options;
use crate::term::Term;

/// Why a component does not go on.
#[derive(Debug, Clone)]
pub(super) enum Stop {
    /// Its instance is gone.
    Died {
        cause: Cause,
        stderr_tail: Option<String>,
    },
    /// It says that it could not.
    Refused { said: String },
}

/// Why an instance is gone.
#[derive(Debug, Clone)]
pub(super) enum Cause {
    /// An instance of a component has failed.
    Failed(BackendFailure),
    /// A backend in Rust has panicked: how that is told.
    Panicked(String),
    /// It was not there, or could not be started: how that is told.
    Other(String),
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(failure) => failure.fmt(f),
            Self::Panicked(told) | Self::Other(told) => f.write_str(told),
        }
    }
}

impl Stop {
    /// Whether it has failed, and how.
    pub(super) fn of(status: &BackendStatus) -> Option<Self> {
        let cause = Cause::Failed(status.last_failure.clone()?);
        let stderr_tail = status.stderr_tail.clone();
        Some(Self::Died { cause, stderr_tail })
    }

    /// From the error of what starts another instance.
    pub(super) fn of_start(error: &StartError) -> Self {
        Self::Died {
            cause: match error.process_limit() {
                Some(limit) => Cause::Failed(BackendFailure::ProcessLimit { limit }),
                None => Cause::Other(error.to_string()),
            },
            stderr_tail: None,
        }
    }

    /// What happened, in a few words that are the same for the same thing.
    pub(super) fn cause(&self) -> String {
        match self {
            Self::Died { cause, .. } => format!("it {cause}"),
            Self::Refused { said } => format!("it says: {said}"),
        }
    }

    pub(super) fn timed_out(&self) -> bool {
        matches!(self.failure(), Some(BackendFailure::TimedOut { .. }))
    }

    pub(super) fn out_of_memory(&self) -> bool {
        matches!(
            self.failure(),
            Some(BackendFailure::LimitHit {
                limit: Limit::Memory,
                ..
            })
        )
    }

    /// Why nothing can be said of the component, if this process was in its way.
    pub(super) fn untested(&self, name: &str) -> Option<Error> {
        matches!(self.failure(), Some(BackendFailure::ProcessLimit { .. }))
            .then(|| Error::untested(name, self.cause()))
    }

    /// `when` says what it was given, or asked.
    pub(super) fn fault(&self, when: &str, options: &Options) -> Fault {
        let cause = self.cause();
        let (expected, fix, said) = match self {
            Self::Refused { .. } => (
                "flushing succeeds, with and without anything to hand on",
                format!(
                    "return an error only for what could not be handed on; if it lacks a file or a server, grant it with {}",
                    options.term(Term::Grants)
                ),
                "",
            ),
            Self::Died { cause, stderr_tail } => (
                "its calls return",
                advice(cause, options),
                stderr_tail.as_deref().unwrap_or_default(),
            ),
        };
        let said: String = said.lines().map(|line| format!("\n| {line}")).collect();
        Fault::new(expected, format!("{when}, {cause}{said}"), fix)
    }

    fn failure(&self) -> Option<&BackendFailure> {
        match self {
            Self::Died {
                cause: Cause::Failed(failure),
                ..
            } => Some(failure),
            _ => None,
        }
    }
}

fn advice(cause: &Cause, options: &Options) -> String {
    let term = |term| options.term(term);
    match cause {
        Cause::Panicked(_) => "whatever comes is a record like any other: none may panic".into(),
        Cause::Failed(BackendFailure::TimedOut { .. }) => format!(
            "return at once, and leave what takes long to `flush`; or allow more time with {}",
            term(Term::Timeout)
        ),
        Cause::Failed(BackendFailure::LimitHit {
            limit: Limit::Memory,
            ..
        }) => format!("keep less, or give it more with {}", term(Term::Memory)),
        Cause::Failed(BackendFailure::LimitHit { .. }) => {
            "ask for less of it, or raise that limit".into()
        }
        Cause::Failed(BackendFailure::Exited { .. }) => {
            "leave out `exit`: a backend has to stay".into()
        }
        Cause::Failed(BackendFailure::Grant { .. }) => format!(
            "name with {} what is there and may be used",
            term(Term::Grants)
        ),
        Cause::Failed(_) | Cause::Other(_) => {
            "whatever comes is a record like any other: none may trap".into()
        }
    }
}
