use std::time::Duration;

use solti_metrics_host::DropReason;
use solti_metrics_host::provider::{BackendStatus, OptionalInterfaces};

/// Status of an instance.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct InstanceStatus {
    /// Optional interfaces of the instance.
    pub(super) optional_interfaces: OptionalInterfaces,
    /// Number of records that the host accepted for the instance.
    pub(super) accepted: u64,
    /// Number of records that the instance received.
    pub(super) delivered: u64,
    /// Number of records that the instance left out on purpose, by its own report.
    pub(super) sampled: u64,
    /// Number of records that the instance could not store, by its own report.
    pub(super) failed: u64,
    /// Memory of the instance, in bytes. 0 if it is unknown.
    pub(super) memory_bytes: u64,
    /// Time that the instance spent on calls.
    pub(super) busy: Duration,
}

impl From<BackendStatus> for InstanceStatus {
    fn from(status: BackendStatus) -> Self {
        let ledger = status.ledger;
        Self {
            optional_interfaces: status.optional_interfaces,
            accepted: ledger.accepted(),
            delivered: ledger.delivered(),
            sampled: ledger.dropped(DropReason::Sampled),
            failed: ledger.dropped(DropReason::BackendFailed),
            memory_bytes: status.memory_bytes,
            busy: status.busy,
        }
    }
}
