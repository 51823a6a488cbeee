//! The handle of a component, as a recording program uses it: a queue.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use solti_metrics::MetricsHandle;
use solti_metrics_host::provider::{BackendOptions, ComponentBackend, Grants, Providers};
use tokio::runtime::Runtime;

use super::adder::{adder, told};
use super::backends::completed;
use crate::bench::{Arrived, Result, Work};

/// The worker of the component.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Worker {
    /// It takes records while the thread records.
    Busy,
    /// It has taken a record, and waits for a batch that is larger than all records of a
    /// turn.
    Waiting,
}

/// Capacity of the queue, in records.
const QUEUE: usize = 1 << 20;

pub(super) fn enqueued(records: u32, worker: Worker) -> Result<Box<dyn Work>> {
    let provider = Providers::new()?.load("adder", &adder()?, &Grants::new())?;
    let mut options = BackendOptions::default();
    options.queue_capacity = QUEUE;
    if worker == Worker::Waiting {
        options.batch = QUEUE;
        options.linger = Duration::from_secs(3_600);
    }
    let backend = Arc::new(ComponentBackend::start(&provider, options)?);
    Ok(Box::new(Enqueued {
        records,
        worker,
        first: 0,
        handle: backend.clone(),
        backend,
        runtime: tokio::runtime::Builder::new_current_thread().build()?,
    }))
}

struct Enqueued {
    records: u32,
    worker: Worker,
    /// Records without a duration, each of which made the worker wait.
    first: u64,
    handle: MetricsHandle,
    backend: Arc<ComponentBackend>,
    runtime: Runtime,
}

impl Work for Enqueued {
    /// Waits until the records of the previous turn have left the queue.
    fn prepare(&mut self) -> Result<()> {
        self.empty()?;
        if self.worker == Worker::Waiting {
            completed(0).record_into(&*self.handle);
            self.first += 1;
            while self.backend.status().ledger.in_flight() > 0 {
                std::thread::yield_now();
            }
        }
        Ok(())
    }

    fn run(&mut self) -> Result<()> {
        for duration_ms in 1..=u64::from(self.records) {
            completed(black_box(duration_ms)).record_into(black_box(&*self.handle));
        }
        Ok(())
    }

    /// The worker continues in parallel with this thread. A longer turn would measure
    /// both.
    fn at_once(&self) -> u32 {
        1
    }

    fn arrived(&mut self) -> Result<Arrived> {
        self.empty()?;
        match told(&self.runtime.block_on(self.backend.expose())?)? {
            Arrived::Records { count, sum_ms } => Ok(Arrived::Records {
                count: count - self.first,
                sum_ms,
            }),
            other => Ok(other),
        }
    }
}

impl Enqueued {
    fn empty(&self) -> Result<()> {
        self.runtime.block_on(self.backend.flush())?;
        match self.backend.status().ledger.dropped_total() {
            0 => Ok(()),
            dropped => Err(format!("{dropped} records were dropped").into()),
        }
    }
}
