use clap::ValueEnum;
use solti_metrics_host::runner::RecordingMode;

/// The path of a guest's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Way {
    /// Compiled into the guest, at the price of a native call; a guest that cannot
    /// be compiled so takes the other one, which the report says.
    Inline,
    /// A call of a host function for each record.
    Direct,
}

impl From<Way> for RecordingMode {
    fn from(way: Way) -> Self {
        match way {
            Way::Inline => Self::Inline,
            Way::Direct => Self::Direct,
        }
    }
}
