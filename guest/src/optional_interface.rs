//! The optional interfaces of a provider: each trait is one interface of the WIT
//! package.

/// A backend that holds records for a while, and delivers them on request:
/// `solti:metrics/lifecycle`.
pub trait Lifecycle {
    /// Delivers all records so far. A host calls this from time to time, and before
    /// it ends the provider.
    ///
    /// # Errors
    ///
    /// A text for the operator. The backend keeps undelivered records, within
    /// a bound, because the host calls again.
    fn flush(&self) -> Result<(), String>;
}

/// A backend that can be scraped: `solti:metrics/exposition`.
pub trait Exposition {
    /// All records so far as OpenMetrics 1.0 text, including its last line
    /// `# EOF`.
    fn expose(&self) -> String;
}

/// A backend that discards some records, and reports their number:
/// `solti:metrics/accounting`.
pub trait Accounting {
    /// The records that were discarded since the previous call. A host calls this
    /// after every call with records.
    fn take_discards(&self) -> Discards;
}

/// Numbers of discarded records, by reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Discards {
    /// Records that were left out on purpose. The host's ledger counts them as
    /// dropped, with the reason `sampled`.
    pub sampled: u64,
    /// Records that could not be stored or delivered. The host's ledger counts them
    /// as dropped, with the reason `backend_failed`.
    pub failed: u64,
}
