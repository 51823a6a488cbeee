//! Counts of the attempts to send.

use super::status::ExporterStatus;

/// Counts and latest messages of attempts to send, for an [`ExporterStatus`].
#[derive(Debug, Clone, Default)]
pub struct Attempts {
    attempts: u64,
    failures: u64,
    last_error: Option<String>,
    last_warning: Option<String>,
}

impl Attempts {
    /// Counts an attempt that succeeded, with the server's warning, if there was one.
    pub fn succeeded(&mut self, warning: Option<String>) {
        self.attempts += 1;
        if warning.is_some() {
            self.last_warning = warning;
        }
    }

    /// Counts an attempt that failed.
    pub fn failed(&mut self, error: String) {
        self.attempts += 1;
        self.failures += 1;
        self.last_error = Some(error);
    }

    /// Returns `status` with these counts and messages.
    #[must_use]
    pub fn describe(&self, status: ExporterStatus) -> ExporterStatus {
        let Self {
            attempts,
            failures,
            last_error,
            last_warning,
        } = self.clone();
        ExporterStatus {
            attempts,
            failures,
            last_error,
            last_warning,
            ..status
        }
    }
}
