use solti_metrics_host::provider::{BackendStatus, StartError};

use crate::check::Fault;
use crate::error::Error;
use crate::options::Options;
use crate::term::Term;

/// How it is told of a component that this process, and not it, was in the way.
const PROCESS_LIMIT: &str = "could not go on: ";

/// Why a component does not go on.
#[derive(Debug, Clone)]
pub(super) enum Stop {
    /// Its instance is gone.
    Died {
        cause: String,
        stderr_tail: Option<String>,
    },
    /// It says that it could not.
    Refused { said: String },
}

impl Stop {
    /// Whether it has failed, and how.
    pub(super) fn of(status: &BackendStatus) -> Option<Self> {
        let cause = status.last_failure.clone()?;
        let stderr_tail = status.last_words.clone();
        Some(Self::Died { cause, stderr_tail })
    }

    /// From the error of what starts another instance.
    pub(super) fn of_start(error: &StartError) -> Self {
        Self::Died {
            cause: match error.process_limit() {
                Some(limit) => format!("{PROCESS_LIMIT}{limit}"),
                None => error.to_string(),
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
        self.died_of("did not return")
    }

    pub(super) fn out_of_memory(&self) -> bool {
        self.died_of("hit the limit on memory")
    }

    /// Why nothing can be said of the component, if this process was in its way.
    pub(super) fn untested(&self, name: &str) -> Option<Error> {
        self.died_of(PROCESS_LIMIT)
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

    fn died_of(&self, sign: &str) -> bool {
        matches!(self, Self::Died { cause, .. } if cause.starts_with(sign))
    }
}

fn advice(cause: &str, options: &Options) -> String {
    let term = |term| options.term(term);
    let advice = [
        (
            "did not return",
            format!(
                "return at once, and leave what takes long to `flush`; or allow more time with {}",
                term(Term::Timeout)
            ),
        ),
        (
            "hit the limit on memory",
            format!("keep less, or give it more with {}", term(Term::Memory)),
        ),
        (
            "hit the limit",
            "ask for less of it, or raise that limit".into(),
        ),
        (
            "panicked",
            "whatever comes is a record like any other: none may panic".into(),
        ),
        ("exited", "leave out `exit`: a backend has to stay".into()),
        (
            "cannot be given",
            format!(
                "name with {} what is there and may be used",
                term(Term::Grants)
            ),
        ),
    ];
    let found = advice.into_iter().find(|(sign, _)| cause.starts_with(sign));
    found.map_or_else(
        || "whatever comes is a record like any other: none may trap".into(),
        |(_, advice)| advice,
    )
}
