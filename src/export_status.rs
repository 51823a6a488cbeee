/// How pushing goes, of a backend that sends records on by itself.
///
/// Whenever it is asked for, `accepted = delivered + dropped + in_flight`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportStatus {
    /// Pushes that ended, well or not.
    pub attempts: u64,
    /// Those of them that the receiver did not accept whole.
    pub failures: u64,
    /// Why the last of those failed. It stays when later ones succeed.
    pub last_error: Option<String>,
    /// The last warning of a receiver that accepted a push whole.
    pub last_warning: Option<String>,
    /// Records that were made.
    pub accepted: u64,
    /// Records that a receiver has: they were in a push that it accepted.
    pub delivered: u64,
    /// Records that no push will carry any more, since the backend was shut down.
    pub dropped: u64,
    /// Records that wait for a push to be accepted.
    pub in_flight: u64,
}
