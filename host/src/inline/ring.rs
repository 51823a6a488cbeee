use std::mem::{offset_of, size_of};

/// How many records a ring holds: 4 KiB of them. With more, a store takes longer to
/// make than is saved; with fewer, draining costs more for each record.
pub(crate) const CAPACITY: usize = 256;

/// A record as `solti_metrics::Event::to_words` makes it.
pub(crate) type Words = [u64; 2];

/// Where the shim writes: at the head of the store's data, at places that its code
/// knows as numbers.
///
/// There is no time at which both sides use it: the shim runs while wasmtime does,
/// and this side while wasmtime calls it, or when it has returned.
#[repr(C, align(8))]
struct Ring {
    /// How many bytes of `records` are in use.
    used: u64,
    records: [Words; CAPACITY],
}

/// What the shim's code has as numbers. All that is stored natively with it depends
/// on them, and carries [`LAYOUT`] in its key.
pub(super) const USED: usize = offset_of!(Ring, used);
pub(super) const RECORDS: usize = offset_of!(Ring, records);
pub(super) const FULL: usize = CAPACITY * size_of::<Words>();

/// Names this layout. Another one has another name.
pub(crate) const LAYOUT: &str = "used u64 at 0, records 256 * 2 * u64 at 8";

const _: () = {
    assert!(USED == 0 && RECORDS == 8 && CAPACITY == 256);
    assert!(FULL == 4_096 && size_of::<Words>() == 16);
    assert!(size_of::<Ring>() == RECORDS + FULL);
    // A `usize` counts what the shim counts in 64 bits.
    assert!(size_of::<usize>() <= size_of::<u64>());
};

/// The data of a store in which a guest runs that was compiled with the shim.
///
/// What is in the ring when this goes away is drained first: records outlive traps,
/// interrupts, and calls whose future was dropped.
#[repr(C)]
pub(crate) struct Recording<S: Drain> {
    ring: Ring,
    state: S,
}

/// Takes records out of a ring.
pub(crate) trait Drain: 'static {
    /// Takes these, the oldest first. They are gone from the ring afterwards, come
    /// what may.
    fn drain(&mut self, records: &[Words]);
}

impl<S: Drain> Recording<S> {
    /// The shim finds the ring where the store's data begins.
    const RING_IS_FIRST: () = assert!(offset_of!(Self, ring) == 0);

    pub(crate) fn new(state: S) -> Self {
        let () = Self::RING_IS_FIRST;
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

    /// Hands on what is in the ring.
    #[inline]
    pub(crate) fn drain(&mut self) {
        let used = std::mem::take(&mut self.ring.used) as usize / size_of::<Words>();
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
    struct Taken(Vec<Words>);

    impl Drain for Taken {
        fn drain(&mut self, records: &[Words]) {
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
    fn what_is_in_the_ring_is_taken_once_and_in_order() {
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
