use std::collections::BTreeMap;

use serde::Serialize;
use solti_metrics_host::{DropReason, LedgerSnapshot};

/// A ledger in reports and answers.
#[derive(Debug, Serialize)]
pub struct LedgerRow {
    /// Records that the host accepted.
    pub accepted: u64,
    /// Records that were delivered to a backend.
    pub delivered: u64,
    /// Records whose duration was lowered to the ceiling.
    pub clamped: u64,
    /// Records that are neither delivered nor dropped yet.
    pub in_flight: u64,
    /// Dropped records, by reason. All reasons are present.
    pub dropped: BTreeMap<&'static str, u64>,
}

impl From<LedgerSnapshot> for LedgerRow {
    fn from(ledger: LedgerSnapshot) -> Self {
        Self {
            accepted: ledger.accepted(),
            delivered: ledger.delivered(),
            clamped: ledger.clamped(),
            in_flight: ledger.in_flight(),
            dropped: DropReason::ALL
                .into_iter()
                .map(|reason| (reason.as_label(), ledger.dropped(reason)))
                .collect(),
        }
    }
}
