use std::iter::Sum;
use std::ops::{Add, AddAssign};

use super::drop_reason::DropReason;

/// The counts of a ledger, or of several, at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LedgerSnapshot {
    pub(super) accepted: u64,
    pub(super) delivered: u64,
    pub(super) clamped: u64,
    pub(super) dropped: [u64; DropReason::ALL.len()],
}

impl LedgerSnapshot {
    /// Of whoever keeps count elsewhere, as an exporter does: of so many accepted
    /// records, so many were delivered and so many dropped, by reason. The rest is in
    /// flight, so read `accepted` last. No duration was lowered.
    #[must_use]
    pub fn counted(accepted: u64, delivered: u64, dropped: &[(DropReason, u64)]) -> Self {
        let mut counted = Self {
            accepted,
            delivered,
            ..Self::default()
        };
        for (reason, records) in dropped {
            let sum = &mut counted.dropped[*reason as usize];
            *sum = sum.saturating_add(*records);
        }
        counted
    }

    /// Records that were made.
    #[must_use]
    pub const fn accepted(&self) -> u64 {
        self.accepted
    }

    /// Records that the backend took.
    #[must_use]
    pub const fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Records that did not reach the backend, for this reason.
    #[must_use]
    pub const fn dropped(&self, reason: DropReason) -> u64 {
        self.dropped[reason as usize]
    }

    /// Records that did not reach the backend, for whatever reason.
    #[must_use]
    pub fn dropped_total(&self) -> u64 {
        self.dropped.iter().sum()
    }

    /// Records that are accepted and neither delivered nor dropped yet.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.accepted
            .saturating_sub(self.delivered)
            .saturating_sub(self.dropped_total())
    }

    /// Records among the accepted ones whose duration was lowered to the
    /// ceiling.
    #[must_use]
    pub const fn clamped(&self) -> u64 {
        self.clamped
    }
}

impl AddAssign for LedgerSnapshot {
    fn add_assign(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.delivered += other.delivered;
        self.clamped += other.clamped;
        for (sum, dropped) in self.dropped.iter_mut().zip(other.dropped) {
            *sum += dropped;
        }
    }
}

impl Add for LedgerSnapshot {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

impl Sum for LedgerSnapshot {
    fn sum<I: Iterator<Item = Self>>(snapshots: I) -> Self {
        snapshots.fold(Self::default(), Self::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_elsewhere_balances_like_any_ledger() {
        let dropped = [
            (DropReason::QueueFull, 2),
            (DropReason::ShutDown, 1),
            (DropReason::QueueFull, 1),
        ];
        let counted = LedgerSnapshot::counted(10, 5, &dropped);
        assert_eq!((counted.accepted(), counted.delivered()), (10, 5));
        assert_eq!(counted.dropped(DropReason::QueueFull), 3);
        assert_eq!((counted.dropped_total(), counted.in_flight()), (4, 1));
        assert_eq!(counted.clamped(), 0);
    }
}
