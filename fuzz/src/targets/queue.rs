//! The queue of exporters, against a model.

use std::collections::{BTreeMap, VecDeque};

use anyhow::{Result, ensure};
use arbitrary::Unstructured;
use solti_metrics::exporter::Queue;
use solti_metrics::{DropReason, Event, LedgerSnapshot};

use crate::event::event;
use crate::oracle::{balances, is_settled};
use crate::reach::reached;
use crate::target::{Limits, Target};

pub(super) const TARGET: Target = Target {
    name: "queue",
    run,
    seeds: &[],
    words: &[],
    longest: 600,
    limits: Limits::SMALL,
};

/// Behavior of the queue as its documentation describes it.
#[derive(Debug)]
struct Model {
    capacity: usize,
    waiting: VecDeque<Event>,
    /// Records that the worker took out, and has not settled.
    taken: u64,
    closed: bool,
    circuit_open: bool,
    over: bool,
    accepted: u64,
    delivered: u64,
    dropped: BTreeMap<&'static str, u64>,
}

impl Model {
    fn record(&mut self, events: &[Event]) {
        self.accepted += events.len() as u64;
        for event in events {
            let reason = if self.closed {
                DropReason::ShutDown
            } else if self.circuit_open {
                DropReason::CircuitOpen
            } else if self.waiting.len() == self.capacity {
                DropReason::QueueFull
            } else {
                self.waiting.push_back(*event);
                continue;
            };
            self.drop_for(reason, 1);
        }
    }

    fn drop_waiting(&mut self, reason: DropReason) {
        self.drop_for(reason, self.waiting.len() as u64);
        self.waiting.clear();
    }

    fn drop_for(&mut self, reason: DropReason, records: u64) {
        *self.dropped.entry(reason.as_label()).or_default() += records;
    }

    fn is(&self, queue: &Queue, ledger: &LedgerSnapshot) -> Result<()> {
        balances(ledger)?;
        let flight = self.waiting.len() as u64 + self.taken;
        let seen = (ledger.accepted(), ledger.delivered(), ledger.in_flight());
        ensure!(seen == (self.accepted, self.delivered, flight), "{seen:?}, not {self:?}");
        for reason in DropReason::ALL {
            let expected = self.dropped.get(reason.as_label()).copied().unwrap_or(0);
            ensure!(ledger.dropped(reason) == expected, "{reason:?}: {ledger:?}, not {self:?}");
        }
        ensure!(queue.len() == self.waiting.len(), "{} wait", queue.len());
        ensure!(queue.is_over() == self.over, "over: {}", queue.is_over());
        Ok(())
    }
}

fn run(input: &[u8]) -> Result<()> {
    let input = &mut Unstructured::new(input);
    let capacity = input.int_in_range(0..=40)?;
    let queue = Queue::new(capacity, input.int_in_range(0..=40)?);
    ensure!(queue.capacity() == capacity.max(1), "{}", queue.capacity());
    let mut model = Model {
        capacity: capacity.max(1),
        waiting: VecDeque::new(),
        taken: 0,
        closed: false,
        circuit_open: false,
        over: false,
        accepted: 0,
        delivered: 0,
        dropped: BTreeMap::new(),
    };
    while !input.is_empty() {
        step(input, &queue, &mut model)?;
        model.is(&queue, &queue.ledger().snapshot())?;
    }
    reached();
    queue.deliver(model.taken);
    queue.end();
    is_settled(&queue.ledger().snapshot())
}

fn step(input: &mut Unstructured<'_>, queue: &Queue, model: &mut Model) -> Result<()> {
    match input.int_in_range(0..=11)? {
        0..=2 => {
            let event = event(input)?;
            queue.record(event);
            model.record(&[event]);
        }
        3 | 4 => {
            let events = vec![event(input)?; input.int_in_range(0..=60)?];
            queue.record_batch(&events);
            model.record(&events);
        }
        5 | 6 => {
            let popped = queue.pop();
            ensure!(popped == model.waiting.pop_front(), "another order: {popped:?}");
            model.taken += u64::from(popped.is_some());
        }
        7 => {
            let records = input.int_in_range(0..=model.taken)?;
            queue.deliver(records);
            (model.taken, model.delivered) = (model.taken - records, model.delivered + records);
        }
        8 => {
            let records = input.int_in_range(0..=model.taken)?;
            queue.drop_for(DropReason::BackendFailed, records);
            model.taken -= records;
            model.drop_for(DropReason::BackendFailed, records);
        }
        9 => {
            queue.drop_queued(DropReason::BackendTrapped);
            model.drop_waiting(DropReason::BackendTrapped);
        }
        10 => {
            let open = input.arbitrary()?;
            if open {
                queue.open_circuit();
            } else {
                queue.close_circuit();
            }
            model.circuit_open = open;
        }
        // These two are permanent: most programs should come here late.
        _ => match input.int_in_range(0..=9)? {
            0 => {
                queue.close();
                model.closed = true;
            }
            1 => {
                queue.end();
                (model.closed, model.over) = (true, true);
                model.drop_waiting(DropReason::ShutDown);
            }
            _ => {}
        },
    }
    Ok(())
}
