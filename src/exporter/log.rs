//! What backends that push say in the log.

use std::time::{Duration, Instant};

/// Says when pushing begins to fail, why, and when it works again: not each time, since
/// a receiver may be away for days.
#[derive(Debug)]
pub(crate) struct ExportLog {
    backend: String,
    kind: &'static str,
    target: String,
    /// Failures since the last success.
    failures: u64,
    /// The failure that was told last, and when.
    told: Option<(String, Instant)>,
    /// The warning of a receiver that was told last.
    #[cfg(feature = "otlp")]
    warned: Option<String>,
}

/// Another reason is told at most so often.
const EVERY: Duration = Duration::from_secs(60);

impl ExportLog {
    /// `backend` is its name; its target unless given.
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

    /// A receiver that took everything has something to say.
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
