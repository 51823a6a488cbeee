use std::collections::BTreeMap;

use serde::Serialize;
use solti_metrics_host::{DropReason, LedgerSnapshot};

/// A ledger, as reports and answers have it.
#[derive(Debug, Serialize)]
pub struct LedgerRow {
    /// Records that the host took.
    pub accepted: u64,
    /// Records that a backend took.
    pub delivered: u64,
    /// Durations that were above the ceiling, and recorded as the ceiling.
    pub clamped: u64,
    /// Records that are neither delivered nor dropped.
    pub in_flight: u64,
    /// Records that were dropped, by reason: each reason is there.
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
