use std::error::Error;
use std::fmt;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;

/// Why a push was not accepted, and when the next one makes sense.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) why: String,
    pub(super) retry: Retry,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Retry {
    /// It may have been an accident.
    Soon,
    /// The receiver said when.
    After(Duration),
    /// The same would be refused again: when there is more to be said.
    Later,
}

impl Failure {
    pub(super) fn soon(why: impl Into<String>) -> Self {
        let (why, retry) = (why.into(), Retry::Soon);
        Self { why, retry }
    }

    pub(super) fn later(why: impl Into<String>) -> Self {
        let (why, retry) = (why.into(), Retry::Later);
        Self { why, retry }
    }

    /// With all that is behind it.
    pub(super) fn of(error: &dyn Error) -> Self {
        let mut why = error.to_string();
        let mut source = error.source();
        while let Some(error) = source {
            let cause = error.to_string();
            if !why.ends_with(&cause) {
                why = format!("{why}: {cause}");
            }
            source = error.source();
        }
        Self::soon(why)
    }
}

/// Whether a receiver that said yes took every point. What it rejects is a failure,
/// since nobody but this status would say so; and it would reject the same again.
pub(super) fn whole(answer: ExportMetricsServiceResponse) -> Result<(), Failure> {
    match answer.partial_success {
        Some(partial) if partial.rejected_data_points > 0 => Err(Failure::later(format!(
            "{} points were rejected: {}",
            partial.rejected_data_points,
            Theirs(&partial.error_message)
        ))),
        _ => Ok(()),
    }
}

/// A receiver's words: on one line, and not more than fit.
pub(super) struct Theirs<'a>(pub(super) &'a str);

impl fmt::Display for Theirs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short: String = self.0.chars().take(256).collect();
        write!(f, "{short:?}")
    }
}
