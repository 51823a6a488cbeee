//! From the host into a component: 1,024 records in one call, as packed words.

use solti_metrics::Event;

use super::adder::Instantiated;
use super::backends::completed;
use crate::bench::{Arrived, Result, Work};

/// Records in one call.
pub(super) const BATCH: usize = 1_024;

/// The records that a row hands over, made before.
pub(super) fn events(records: u32) -> Vec<Event> {
    (1..=u64::from(records)).map(completed).collect()
}

/// Measures a call and the packing of its words, which is the work of a worker.
pub(super) fn batch(records: u32) -> Result<Box<dyn Work>> {
    Ok(Box::new(Batch {
        events: events(records),
        adder: adder()?,
    }))
}

/// Measures the call alone.
pub(super) fn call(records: u32) -> Result<Box<dyn Work>> {
    Ok(Box::new(Call {
        batches: events(records).chunks(BATCH).map(words).collect(),
        adder: adder()?,
    }))
}

type Adder = Instantiated<(Vec<u64>,), ()>;

fn adder() -> Result<Adder> {
    Instantiated::new("solti:metrics/batch@0.1.0", "record-batch")
}

fn words(events: &[Event]) -> Vec<u64> {
    let pairs: Vec<_> = events.iter().map(|event| event.to_words()).collect();
    pairs.into_flattened()
}

struct Batch {
    events: Vec<Event>,
    adder: Adder,
}

impl Work for Batch {
    fn run(&mut self) -> Result<()> {
        for events in self.events.chunks(BATCH) {
            let words = (words(events),);
            self.adder.function.call(&mut self.adder.store, words)?;
        }
        Ok(())
    }

    fn arrived(&mut self) -> Result<Arrived> {
        self.adder.arrived()
    }
}

struct Call {
    batches: Vec<Vec<u64>>,
    adder: Adder,
}

impl Work for Call {
    fn run(&mut self) -> Result<()> {
        for words in &self.batches {
            let words = (words.clone(),);
            self.adder.function.call(&mut self.adder.store, words)?;
        }
        Ok(())
    }

    fn arrived(&mut self) -> Result<Arrived> {
        self.adder.arrived()
    }
}
