//! Limits the number of open connections.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::pulse::Pulse;
use super::{Hits, HttpLimits};

/// The open connections, whose number is limited.
#[derive(Debug)]
pub(super) struct ConnectionSlots {
    most: usize,
    probes: usize,
    reading: Duration,
    hits: Arc<Hits>,
    taken: Mutex<OpenConnections>,
}

#[derive(Debug, Default)]
struct OpenConnections {
    next: u64,
    pulses: BTreeMap<u64, Arc<Pulse>>,
}

impl OpenConnections {
    /// Removes the connection with the earliest time, if there is one.
    fn remove_first(&mut self, since: impl Fn(&Pulse) -> Option<Instant>) -> Option<Arc<Pulse>> {
        let times = self.pulses.iter();
        let times = times.filter_map(|(number, pulse)| Some((since(pulse)?, *number)));
        let (_, first) = times.min()?;
        self.pulses.remove(&first)
    }
}

impl ConnectionSlots {
    pub(super) fn new(limits: &HttpLimits, hits: Arc<Hits>) -> Arc<Self> {
        Arc::new(Self {
            most: limits.connections,
            probes: limits.probes,
            reading: limits.reading,
            hits,
            taken: Mutex::default(),
        })
    }

    /// Takes a slot for a new connection. If all slots are in use, the connection that
    /// waits longest for a request is evicted. If no connection waits, the one that reads
    /// its answer for the longest time is evicted. A slow or silent client thus cannot
    /// block others. A connection whose answer is being rendered, or whose client reads
    /// immediately, is not evicted. If all connections are such, the slots for probes
    /// remain. `None` if those are in use, too.
    pub(super) fn take(self: &Arc<Self>, pulse: &Arc<Pulse>) -> Option<ConnectionSlot> {
        let mut taken = self.taken.lock();
        let mut for_probes = false;
        if taken.pulses.len() >= self.most {
            if let Some(waiting) = taken.remove_first(Pulse::waiting) {
                self.hits.reject();
                waiting.evict();
            } else if let Some(reading) = taken
                .remove_first(|it| it.reading().filter(|since| since.elapsed() >= self.reading))
            {
                self.hits.reject();
                self.hits.gave_up_on_reader();
                reading.evict();
            } else if taken.pulses.len() < self.most + self.probes {
                for_probes = true;
            } else {
                self.hits.reject();
                return None;
            }
        }
        let number = taken.next;
        taken.next += 1;
        taken.pulses.insert(number, Arc::clone(pulse));
        self.hits.opened();
        Some(ConnectionSlot {
            number,
            for_probes,
            slots: Arc::clone(self),
        })
    }

    /// Closes the connection that reads a page in memory for the longest time. Returns
    /// false if there is none.
    pub(super) fn give_up_on_slowest_reader(&self) -> bool {
        let Some(slowest) = self.taken.lock().remove_first(Pulse::reads_held_page) else {
            return false;
        };
        self.hits.gave_up_on_reader();
        slowest.evict();
        true
    }
}

/// The slot of a connection, until this value is dropped.
#[derive(Debug)]
pub(super) struct ConnectionSlot {
    number: u64,
    /// Whether only probes are answered on this connection.
    pub(super) for_probes: bool,
    slots: Arc<ConnectionSlots>,
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.slots.taken.lock().pulses.remove(&self.number);
        self.slots.hits.closed();
    }
}
