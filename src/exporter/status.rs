use crate::LedgerSnapshot;

/// How an exporter is, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExporterStatus {
    /// Attempts to send that ended, well or not.
    pub attempts: u64,
    /// Attempts that failed: the receiver did not accept all of what was sent.
    pub failures: u64,
    /// Why the last failed attempt did. It stays when later ones succeed.
    pub last_error: Option<String>,
    /// The last warning of a receiver that accepted all of what was sent.
    pub last_warning: Option<String>,
    /// Records that wait in the queue; 0 for an exporter without a queue, which sends
    /// totals.
    pub queued: usize,
    /// How many records can wait; `None` for an exporter without a queue.
    pub queue_capacity: Option<usize>,
    /// What became of the records: it balances at every moment.
    pub ledger: LedgerSnapshot,
}

impl ExporterStatus {
    /// A status with this ledger, and nothing else yet.
    #[must_use]
    pub fn new(ledger: LedgerSnapshot) -> Self {
        Self {
            ledger,
            ..Self::default()
        }
    }
}
