use super::status::ExporterStatus;

/// How attempts to send went, for an [`ExporterStatus`].
#[derive(Debug, Clone, Default)]
pub struct Attempts {
    attempts: u64,
    failures: u64,
    last_error: Option<String>,
    last_warning: Option<String>,
}

impl Attempts {
    /// An attempt has ended well, perhaps with a warning of the receiver's.
    pub fn succeeded(&mut self, warning: Option<String>) {
        self.attempts += 1;
        if warning.is_some() {
            self.last_warning = warning;
        }
    }

    /// An attempt has failed.
    pub fn failed(&mut self, error: String) {
        self.attempts += 1;
        self.failures += 1;
        self.last_error = Some(error);
    }

    /// What there is to be said of them, added to `status`.
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
