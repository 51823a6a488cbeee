//! What a provider may do beside recording; each trait is one of the package's
//! optional interfaces.

/// A backend that keeps records for a while, and hands them on when told to:
/// `solti:metrics/lifecycle`.
pub trait Lifecycle {
    /// Hands on everything that was recorded so far. A host calls this from time
    /// to time, and before it lets go of the provider.
    ///
    /// # Errors
    ///
    /// A text for the operator. What could not be handed on is kept, within
    /// reason: the host will call again.
    fn flush(&self) -> Result<(), String>;
}

/// A backend that can be scraped: `solti:metrics/exposition`.
pub trait Exposition {
    /// Everything that was recorded so far, as OpenMetrics 1.0 text, its last
    /// line `# EOF` included.
    fn expose(&self) -> String;
}

/// A backend that does not keep or forward every record, and says so:
/// `solti:metrics/accounting`.
pub trait Accounting {
    /// The records that came to nothing since this was called before. A host
    /// asks after every call that brought records.
    fn take_discards(&self) -> Discards;
}

/// How many records came to nothing, by reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Discards {
    /// Left out on purpose. Dropped as `sampled` in the host's ledger.
    pub sampled: u64,
    /// Could not be kept or handed on. Dropped as `backend_failed`.
    pub failed: u64,
}
