//! The ring into which the shim writes records.

use std::mem::{offset_of, size_of};

/// Maximum number of records in a ring: 4 KiB. With more, making a store takes longer than the ring
/// saves; with fewer, draining costs more for each record.
pub(crate) const CAPACITY: usize = 256;

/// A record as `solti_metrics::Event::to_words` makes it.
pub(crate) type RecordWords = [u64; 2];

/// Memory into which the shim writes: at the start of the store's data, at offsets that are
/// constants in its code.
///
/// The two sides never use it at the same time: the shim runs while wasmtime does, and this side
/// while wasmtime calls it, or when it has returned.
#[repr(C, align(8))]
struct Ring {
    /// Bytes of `records` that are in use.
    used: u64,
    records: [RecordWords; CAPACITY],
}

/// Offsets that are constants in the shim's code. All native code with the shim depends on them,
/// and has [`LAYOUT`] in its address.
pub(super) const USED: usize = offset_of!(Ring, used);
pub(super) const RECORDS: usize = offset_of!(Ring, records);
pub(super) const FULL: usize = CAPACITY * size_of::<RecordWords>();

/// Name of this layout. Another layout has another name.
#[cfg(feature = "runner")]
pub(crate) const LAYOUT: &str = "used u64 at 0, records 256 * 2 * u64 at 8";

const _: () = {
    assert!(USED == 0 && RECORDS == 8 && CAPACITY == 256);
    assert!(FULL == 4_096 && size_of::<RecordWords>() == 16);
    assert!(size_of::<Ring>() == RECORDS + FULL);
    // A `usize` fits into the 64 bits of the shim's counter.
    assert!(size_of::<usize>() <= size_of::<u64>());
};

/// Data of a store for a guest that was compiled with the shim.
///
/// Dropping the value drains the ring first: records outlive traps, interrupts, and calls whose
/// future was dropped.
#[repr(C)]
pub(crate) struct Recording<S: Drain> {
    ring: Ring,
    state: S,
}

/// Takes records out of a ring.
pub(crate) trait Drain: 'static {
    /// Takes these records, the oldest first. The records are removed from the ring in every case.
    fn drain(&mut self, records: &[RecordWords]);
}

/// Data of a store that starts with the ring, at which the shim finds it. `Recording` and `Recorded`
/// alone have this trait: see the contract in `code.rs`.
pub(crate) trait StartsWithRing: 'static {
    /// Offset of the ring, which is asserted where code with the shim is linked.
    const RING_OFFSET: usize;

    /// Passes the records of the ring on.
    fn drain(&mut self);
}

impl<S: Drain> StartsWithRing for Recording<S> {
    const RING_OFFSET: usize = offset_of!(Self, ring);

    #[inline]
    fn drain(&mut self) {
        self.drain();
    }
}

impl<S: Drain> Recording<S> {
    pub(crate) fn new(state: S) -> Self {
        Self {
            ring: Ring {
                used: 0,
                records: [[0; 2]; CAPACITY],
            },
            state,
        }
    }

    pub(crate) fn state(&self) -> &S {
        &self.state
    }

    pub(crate) fn state_mut(&mut self) -> &mut S {
        &mut self.state
    }

    /// Passes the records of the ring on.
    #[inline]
    pub(crate) fn drain(&mut self) {
        let used = std::mem::take(&mut self.ring.used) as usize / size_of::<RecordWords>();
        if used > 0 {
            self.state.drain(&self.ring.records[..used.min(CAPACITY)]);
        }
    }
}

impl<S: Drain> Drop for Recording<S> {
    fn drop(&mut self) {
        self.drain();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Taken(Vec<RecordWords>);

    impl Drain for Taken {
        fn drain(&mut self, records: &[RecordWords]) {
            self.0.extend_from_slice(records);
        }
    }

    fn with(used: u64) -> Recording<Taken> {
        let mut recording = Recording::new(Taken::default());
        for (number, words) in (0..).zip(&mut recording.ring.records) {
            *words = [number, number];
        }
        recording.ring.used = used;
        recording
    }

    #[test]
    fn records_in_the_ring_are_taken_once_and_in_order() {
        let mut recording = with(3 * 16);
        recording.drain();
        recording.drain();
        assert_eq!(recording.state().0, [[0, 0], [1, 1], [2, 2]]);
    }

    #[test]
    fn no_number_of_bytes_in_use_reaches_beyond_the_ring() {
        for used in [FULL as u64, FULL as u64 + 16, u64::MAX] {
            let mut recording = with(used);
            recording.drain();
            assert_eq!(recording.state().0.len(), CAPACITY, "{used}");
        }
    }
}
