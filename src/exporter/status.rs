use crate::LedgerSnapshot;

/// Status of an exporter at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExporterStatus {
    /// Attempts to send that ended, with success or failure.
    pub attempts: u64,
    /// Attempts that failed: the server did not accept all records of the attempt.
    pub failures: u64,
    /// Error of the last failed attempt. The error stays when later attempts succeed.
    pub last_error: Option<String>,
    /// Last warning of a server that accepted all records.
    pub last_warning: Option<String>,
    /// Records that wait in the queue; 0 for an exporter without a queue, which sends totals.
    pub queued: usize,
    /// Maximum number of records that can wait; `None` for an exporter without a queue.
    pub queue_capacity: Option<usize>,
    /// Ledger of the records, which balances at every moment.
    pub ledger: LedgerSnapshot,
}

impl ExporterStatus {
    /// A status with this ledger and no attempts.
    #[must_use]
    pub fn new(ledger: LedgerSnapshot) -> Self {
        Self {
            ledger,
            ..Self::default()
        }
    }
}
