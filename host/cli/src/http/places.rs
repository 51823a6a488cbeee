use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::Hits;
use super::pulse::Pulse;

/// The connections that are open, of which there are only so many.
#[derive(Debug)]
pub(super) struct Places {
    most: usize,
    hits: Arc<Hits>,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    next: u64,
    pulses: BTreeMap<u64, Arc<Pulse>>,
}

impl Places {
    pub(super) fn new(most: usize, hits: Arc<Hits>) -> Arc<Self> {
        Arc::new(Self {
            most,
            hits,
            taken: Mutex::default(),
        })
    }

    /// A place for a new connection. Where there is none, whoever has been waiting
    /// for longest to send a request has to leave: a slow or silent client cannot
    /// keep others out, and one that is being answered is not cut off. `None` if
    /// all are being answered.
    pub(super) fn take(self: &Arc<Self>, pulse: &Arc<Pulse>) -> Option<Place> {
        let mut taken = self.taken.lock();
        if taken.pulses.len() >= self.most {
            self.hits.refuse();
            let waiting = taken
                .pulses
                .iter()
                .filter_map(|(number, pulse)| Some((pulse.waiting()?, *number)));
            let (_, longest) = waiting.min()?;
            if let Some(pulse) = taken.pulses.remove(&longest) {
                pulse.evict();
            }
        }
        let number = taken.next;
        taken.next += 1;
        taken.pulses.insert(number, Arc::clone(pulse));
        self.hits.opened();
        Some(Place {
            number,
            places: Arc::clone(self),
        })
    }
}

/// A connection's place, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    number: u64,
    places: Arc<Places>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken.lock().pulses.remove(&self.number);
        self.places.hits.closed();
    }
}
