use std::iter::Sum;
use std::ops::{Add, AddAssign};

use super::DropReason;

/// The counts of a ledger, or of several, at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LedgerSnapshot {
    pub(super) accepted: u64,
    pub(super) delivered: u64,
    pub(super) clamped: u64,
    pub(super) dropped: [u64; DropReason::ALL.len()],
}

impl LedgerSnapshot {
    /// Records that guests made.
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
