use std::time::Duration;

use solti_metrics_host::DropReason;
use solti_metrics_host::provider::{BackendStatus, OptionalInterfaces};

/// What an instance has done until now.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Status {
    /// The optional interfaces that it has.
    pub(super) optional_interfaces: OptionalInterfaces,
    /// Records that it was given.
    pub(super) accepted: u64,
    /// Records that it took.
    pub(super) delivered: u64,
    /// Records of which it says that it left them out on purpose.
    pub(super) sampled: u64,
    /// Records of which it says that it could not keep them.
    pub(super) failed: u64,
    /// Bytes of memory; 0 if that cannot be told.
    pub(super) memory: u64,
    /// Time that it spent on its calls.
    pub(super) busy: Duration,
}

impl From<BackendStatus> for Status {
    fn from(status: BackendStatus) -> Self {
        let ledger = status.ledger;
        Self {
            optional_interfaces: status.optional_interfaces,
            accepted: ledger.accepted(),
            delivered: ledger.delivered(),
            sampled: ledger.dropped(DropReason::Sampled),
            failed: ledger.dropped(DropReason::BackendFailed),
            memory: status.memory_bytes,
            busy: status.busy,
        }
    }
}
