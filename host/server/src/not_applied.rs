use solti_metrics_host::text::causes;

/// A part of a configuration that could not be applied.
pub(super) struct NotApplied {
    /// Why not.
    pub(super) error: anyhow::Error,
    /// Whether something had its name before, and goes on.
    pub(super) goes_on: bool,
}

impl NotApplied {
    /// For whoever has asked for the reload.
    pub(super) fn told(&self) -> String {
        let then = match self.goes_on {
            true => "it goes on as it was",
            false => "it is not started",
        };
        format!("{}; {then}", causes(&*self.error))
    }
}
