use std::fmt;

/// Why a record did not reach its backend. The label `reason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DropReason {
    /// The context had delivered as many records as its quota allows.
    Quota,
    /// The guest spoke for a type of runner that it may not speak for.
    RunnerNotAllowed,
    /// The label has no name on the other side of the boundary.
    UnmappedLabel,
    /// The backend panicked while it took the record.
    BackendPanicked,
}

impl DropReason {
    /// Every reason.
    pub const ALL: [Self; 4] = [
        Self::Quota,
        Self::RunnerNotAllowed,
        Self::UnmappedLabel,
        Self::BackendPanicked,
    ];

    /// The label's text in every exposition.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Quota => "quota",
            Self::RunnerNotAllowed => "runner_not_allowed",
            Self::UnmappedLabel => "unmapped_label",
            Self::BackendPanicked => "backend_panicked",
        }
    }
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_label())
    }
}
