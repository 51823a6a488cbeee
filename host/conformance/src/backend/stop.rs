//! Stops of an instance, and the advice for its author.

use std::fmt;

use solti_metrics_host::limits::Limit;
use solti_metrics_host::provider::{BackendFailure, BackendStatus, StartError};

use crate::check::Fault;
use crate::error::Error;
use crate::options::TestOptions;
use crate::term::Term;

/// Reason why an instance does not continue.
#[derive(Debug, Clone)]
pub(super) enum InstanceStop {
    /// The instance ended.
    Died {
        cause: StopCause,
        stderr_tail: Option<String>,
    },
    /// The instance reported an error.
    Refused { said: String },
}

/// Cause of the end of an instance.
#[derive(Debug, Clone)]
pub(super) enum StopCause {
    /// The instance of a component failed.
    Failed(BackendFailure),
    /// The backend in Rust panicked, with the text of the panic.
    Panicked(String),
    /// The instance did not run or could not start, with the error.
    Other(String),
}

impl fmt::Display for StopCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(failure) => failure.fmt(f),
            Self::Panicked(told) | Self::Other(told) => f.write_str(told),
        }
    }
}

impl InstanceStop {
    /// The last failure in the status, if there is one.
    pub(super) fn of(status: &BackendStatus) -> Option<Self> {
        let cause = StopCause::Failed(status.last_failure.clone()?);
        let stderr_tail = status.stderr_tail.clone();
        Some(Self::Died { cause, stderr_tail })
    }

    /// Stop from the error of starting another instance.
    pub(super) fn of_start(error: &StartError) -> Self {
        Self::Died {
            cause: match error.process_limit() {
                Some(limit) => StopCause::Failed(BackendFailure::ProcessLimit { limit }),
                None => StopCause::Other(error.to_string()),
            },
            stderr_tail: None,
        }
    }

    /// Short text of the cause, which is equal for equal causes.
    pub(super) fn cause(&self) -> String {
        match self {
            Self::Died { cause, .. } => format!("the backend {cause}"),
            Self::Refused { said } => format!("the backend returned an error: {said}"),
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

    /// Error of a test that a limit of this process prevented.
    pub(super) fn untested(&self, name: &str) -> Option<Error> {
        matches!(self.failure(), Some(BackendFailure::ProcessLimit { .. }))
            .then(|| Error::untested(name, self.cause()))
    }

    /// Fault for the report. `when` describes the step at which the instance stopped.
    pub(super) fn fault(&self, when: &str, options: &TestOptions) -> Fault {
        let cause = self.cause();
        let (expected, fix, said) = match self {
            Self::Refused { .. } => (
                "a flush succeeds, with and without buffered records",
                format!(
                    "return an error only for records that could not be passed on; if a file or a server is missing, grant it with {}",
                    options.term(Term::Grants)
                ),
                "",
            ),
            Self::Died { cause, stderr_tail } => (
                "each call returns",
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
                cause: StopCause::Failed(failure),
                ..
            } => Some(failure),
            _ => None,
        }
    }
}

fn advice(cause: &StopCause, options: &TestOptions) -> String {
    let term = |term| options.term(term);
    match cause {
        StopCause::Panicked(_) => "handle every record: no record may cause a panic".into(),
        StopCause::Failed(BackendFailure::TimedOut { .. }) => format!(
            "return immediately, and do slow work in `flush`; or allow more time with {}",
            term(Term::Timeout)
        ),
        StopCause::Failed(BackendFailure::LimitHit {
            limit: Limit::Memory,
            ..
        }) => format!(
            "store less, or allow more memory with {}",
            term(Term::Memory)
        ),
        StopCause::Failed(BackendFailure::LimitHit { .. }) => {
            "use less of the resource, or raise the limit".into()
        }
        StopCause::Failed(BackendFailure::Exited { .. }) => {
            "remove the call of `exit`: a backend must not exit".into()
        }
        StopCause::Failed(BackendFailure::Grant { .. }) => format!(
            "name existing and accessible resources with {}",
            term(Term::Grants)
        ),
        StopCause::Failed(_) | StopCause::Other(_) => {
            "handle every record: no record may cause a trap".into()
        }
    }
}
