use std::fmt;

/// The path that records of guests take, as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum RecordingMode {
    /// Each guest is composed with a small component of the host's and compiled with
    /// it, so that a record is a few instructions. The host takes records out in
    /// order: at every tick of 10 ms, whenever the guest calls the host, and when it
    /// ends. A guest that cannot be composed takes the direct path.
    #[default]
    Inline,
    /// Each record is a call of a host function.
    Direct,
}

/// How the records of one program travel.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Path {
    /// As [`RecordingMode::Inline`] says.
    Inline,
    /// As [`RecordingMode::Direct`] says.
    Direct {
        /// Why it is not inlined, if that was asked for.
        reason: Option<String>,
    },
    /// It imports no metrics.
    Nothing,
}

impl Path {
    /// A short name, in snake case.
    #[must_use]
    pub const fn as_label(&self) -> &'static str {
        match self {
            Self::Inline => "inline",
            Self::Direct { .. } => "direct",
            Self::Nothing => "none",
        }
    }

    /// Why records are not inlined although that was asked for.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Direct { reason } => reason.as_deref(),
            Self::Inline | Self::Nothing => None,
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_label())
    }
}
