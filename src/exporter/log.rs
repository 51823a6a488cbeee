//! Log entries of backends that push.

use std::time::{Duration, Instant};

/// Logs the first failure of a series, its cause, and the next success. It does not log each
/// failure, because a server can be away for days.
#[derive(Debug)]
pub(crate) struct ExportLog {
    backend: String,
    kind: &'static str,
    target: String,
    /// Failures since the last success.
    failures: u64,
    /// The last logged failure, and its time.
    told: Option<(String, Instant)>,
    /// The last logged warning of the server.
    #[cfg(feature = "otlp")]
    warned: Option<String>,
}

/// Minimum time between two entries for different causes.
const EVERY: Duration = Duration::from_secs(60);

impl ExportLog {
    /// Creates the log state. `backend` is the backend's name in entries; the default is its
    /// target.
    pub(crate) fn new(backend: Option<&str>, kind: &'static str, target: &str) -> Self {
        Self {
            backend: backend.unwrap_or(target).to_owned(),
            kind,
            target: target.to_owned(),
            failures: 0,
            told: None,
            #[cfg(feature = "otlp")]
            warned: None,
        }
    }

    pub(crate) fn failed(&mut self, error: &str) {
        self.failures = self.failures.saturating_add(1);
        let news = match &self.told {
            None => true,
            Some((told, at)) => told != error && at.elapsed() >= EVERY,
        };
        let Self {
            backend,
            kind,
            target,
            ..
        } = self;
        if news {
            tracing::warn!(backend, kind, target, error, "push failed: records wait");
            self.told = Some((error.to_owned(), Instant::now()));
        } else {
            tracing::debug!(backend, kind, target, error, "push failed again");
        }
    }

    pub(crate) fn succeeded(&mut self) {
        if self.failures > 0 {
            let Self {
                backend,
                kind,
                target,
                failures,
                ..
            } = self;
            tracing::info!(backend, kind, target, failures, "push succeeded again");
            (self.failures, self.told) = (0, None);
        }
    }

    /// Logs a warning of a server that accepted all records.
    #[cfg(feature = "otlp")]
    pub(crate) fn warned(&mut self, warning: &str) {
        if self.warned.as_deref() != Some(warning) {
            let Self {
                backend,
                kind,
                target,
                ..
            } = self;
            tracing::warn!(
                backend,
                kind,
                target,
                warning,
                "push accepted with a warning"
            );
            self.warned = Some(warning.to_owned());
        }
    }
}
