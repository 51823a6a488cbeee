/// What became of the records that a [`StatsdMetrics`](super::StatsdMetrics) was
/// given, at one moment.
///
/// `accepted = delivered + dropped + in flight`, always.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatsdStatus {
    /// Records that were made.
    pub accepted: u64,
    /// Records that the socket took. Whether they arrived, UDP does not say.
    pub delivered: u64,
    /// Records that were lost, as far as is known.
    pub dropped: StatsdDrops,
    /// Records that wait in the queue.
    pub queued: usize,
    /// How many may wait there.
    pub queue: usize,
    /// Attempts to send a datagram, each to the address in use and then to all
    /// others.
    pub attempts: u64,
    /// Attempts that failed: no address took the datagram, or it is lost.
    pub failures: u64,
    /// Why the last failed attempt did. It stays when later ones succeed.
    pub last_error: Option<String>,
}

impl StatsdStatus {
    /// Records that are neither delivered nor dropped yet.
    #[must_use]
    pub const fn in_flight(&self) -> u64 {
        self.accepted
            .saturating_sub(self.delivered)
            .saturating_sub(self.dropped.total())
    }
}

/// Records that were lost, by reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StatsdDrops {
    /// The queue had no room.
    pub queue_full: u64,
    /// The socket did not take the datagram.
    pub send_failed: u64,
    /// They came after the end, or were left over at the end.
    pub shut_down: u64,
}

impl StatsdDrops {
    /// For whatever reason.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.queue_full
            .saturating_add(self.send_failed)
            .saturating_add(self.shut_down)
    }
}
