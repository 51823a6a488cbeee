//! The counts of a ledger at one moment.

use std::iter::Sum;
use std::ops::{Add, AddAssign};

use super::drop_reason::DropReason;

/// The counts of a ledger, or of several ledgers, at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LedgerSnapshot {
    pub(super) accepted: u64,
    pub(super) delivered: u64,
    pub(super) clamped: u64,
    pub(super) dropped: [u64; DropReason::ALL.len()],
}

impl LedgerSnapshot {
    /// A snapshot of counts from another source, such as an exporter: `accepted` records, of
    /// which `delivered` were delivered and `dropped` were dropped, by reason. The other
    /// records are in flight, so read `accepted` last. The number of clamped durations is 0.
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

    /// Records that the source made.
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

    /// Records that did not reach the backend, for all reasons together.
    #[must_use]
    pub fn dropped_total(&self) -> u64 {
        self.dropped.iter().sum()
    }

    /// Accepted records that are neither delivered nor dropped yet.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.accepted
            .saturating_sub(self.delivered)
            .saturating_sub(self.dropped_total())
    }

    /// Accepted records whose duration was lowered to the ceiling.
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
    fn counts_from_another_source_balance() {
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
