use std::mem;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// The times between successive looks at the clock, of one thread.
pub(super) struct Stamps(Mutex<Gaps>);

struct Gaps {
    last: Instant,
    /// In nanoseconds, up to four seconds each.
    gaps: Vec<u32>,
}

impl Stamps {
    /// For this many times. Their memory is written to beforehand, so that no sample
    /// includes a page fault for it.
    pub(super) fn new(times: u32) -> Self {
        let mut gaps = vec![1; times as usize];
        std::hint::black_box(&mut gaps).clear();
        let last = Instant::now();
        Self(Mutex::new(Gaps { last, gaps }))
    }

    /// Looks at the clock, and starts the first time.
    pub(super) fn begin(&self) {
        let mut gaps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        gaps.gaps.clear();
        gaps.last = Instant::now();
    }

    /// Looks at the clock: a time ends, and the next one starts.
    #[inline]
    pub(super) fn stamp(&self) {
        let mut gaps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let gap = now.duration_since(gaps.last).as_nanos();
        gaps.last = now;
        gaps.gaps.push(u32::try_from(gap).unwrap_or(u32::MAX));
    }

    /// All times.
    pub(super) fn take(&self) -> Vec<u32> {
        let mut gaps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        mem::take(&mut gaps.gaps)
    }
}
