//! Recording modes.

use std::fmt;

/// Recording mode of guests, as it is requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum RecordingMode {
    /// Each guest is composed with a small component of the host and compiled with it, so that a
    /// record is a few instructions. The host takes records out in order: at every tick of 10 ms,
    /// whenever the guest calls the host, and when it ends. A guest that cannot be composed uses
    /// `Direct`.
    #[default]
    Inline,
    /// Each record is a call of a host function.
    Direct,
}

/// Recording mode of one program, with the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProgramRecording {
    /// The program uses [`RecordingMode::Inline`].
    Inline,
    /// The program uses [`RecordingMode::Direct`].
    Direct {
        /// Reason why records are not inlined, if `Inline` was requested.
        reason: Option<String>,
    },
    /// The program imports no metrics.
    Nothing,
}

impl ProgramRecording {
    /// A short name, in snake case.
    #[must_use]
    pub const fn as_label(&self) -> &'static str {
        match self {
            Self::Inline => "inline",
            Self::Direct { .. } => "direct",
            Self::Nothing => "none",
        }
    }

    /// Reason why records are not inlined although `Inline` was requested.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Direct { reason } => reason.as_deref(),
            Self::Inline | Self::Nothing => None,
        }
    }
}

impl fmt::Display for ProgramRecording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_label())
    }
}
