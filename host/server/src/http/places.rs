//! Limits the number of open connections.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::pulse::Pulse;
use super::{Hits, Limits};

/// The connections that are open, of which there are only so many.
#[derive(Debug)]
pub(super) struct Places {
    most: usize,
    probes: usize,
    reading: Duration,
    hits: Arc<Hits>,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    next: u64,
    pulses: BTreeMap<u64, Arc<Pulse>>,
}

impl Taken {
    /// Removes the connection for which this is the earliest, if there is one.
    fn remove_first(&mut self, since: impl Fn(&Pulse) -> Option<Instant>) -> Option<Arc<Pulse>> {
        let times = self.pulses.iter();
        let times = times.filter_map(|(number, pulse)| Some((since(pulse)?, *number)));
        let (_, first) = times.min()?;
        self.pulses.remove(&first)
    }
}

impl Places {
    pub(super) fn new(limits: &Limits, hits: Arc<Hits>) -> Arc<Self> {
        Arc::new(Self {
            most: limits.connections,
            probes: limits.probes,
            reading: limits.reading,
            hits,
            taken: Mutex::default(),
        })
    }

    /// A place for a new connection. Where there is none, another connection has to
    /// leave: the one that has been waiting for longest to send a request, or else the
    /// one that has been reading its answer for longest. So a slow or silent client
    /// cannot keep others out, and one whose answer is being made, or which reads it
    /// at once, is not cut off. If all are such, there are places left for probes.
    /// `None` if those are taken too.
    pub(super) fn take(self: &Arc<Self>, pulse: &Arc<Pulse>) -> Option<Place> {
        let mut taken = self.taken.lock();
        let mut for_probes = false;
        if taken.pulses.len() >= self.most {
            if let Some(waiting) = taken.remove_first(Pulse::waiting) {
                self.hits.refuse();
                waiting.evict();
            } else if let Some(reading) = taken
                .remove_first(|it| it.reading().filter(|since| since.elapsed() >= self.reading))
            {
                self.hits.refuse();
                self.hits.gave_up_on_reader();
                reading.evict();
            } else if taken.pulses.len() < self.most + self.probes {
                for_probes = true;
            } else {
                self.hits.refuse();
                return None;
            }
        }
        let number = taken.next;
        taken.next += 1;
        taken.pulses.insert(number, Arc::clone(pulse));
        self.hits.opened();
        Some(Place {
            number,
            for_probes,
            places: Arc::clone(self),
        })
    }

    /// Closes the connection that has been reading for longest of what takes room;
    /// false if there is none.
    pub(super) fn give_up_on_slowest_reader(&self) -> bool {
        let Some(slowest) = self.taken.lock().remove_first(Pulse::takes_room) else {
            return false;
        };
        self.hits.gave_up_on_reader();
        slowest.evict();
        true
    }
}

/// A connection's place, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    number: u64,
    /// Whether nothing but probes is answered here.
    pub(super) for_probes: bool,
    places: Arc<Places>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken.lock().pulses.remove(&self.number);
        self.places.hits.closed();
    }
}
