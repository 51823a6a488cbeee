//! The handle of a component, as a recording program uses it: a queue.

use std::hint::black_box;
use std::sync::Arc;

use solti_metrics::MetricsHandle;
use solti_metrics_host::provider::{BackendOptions, ComponentBackend, Grants, Providers};
use tokio::runtime::Runtime;

use super::adder::{adder, told};
use super::backends::completed;
use crate::bench::{Arrived, Result, Work};

pub(super) fn enqueued(records: u32) -> Result<Box<dyn Work>> {
    let provider = Providers::new()?.load("adder", &adder()?, &Grants::new())?;
    let mut options = BackendOptions::default();
    options.queue_capacity = 1 << 20;
    let backend = Arc::new(ComponentBackend::start(&provider, options)?);
    Ok(Box::new(Enqueued {
        records,
        handle: backend.clone(),
        backend,
        runtime: tokio::runtime::Builder::new_current_thread().build()?,
    }))
}

struct Enqueued {
    records: u32,
    handle: MetricsHandle,
    backend: Arc<ComponentBackend>,
    runtime: Runtime,
}

impl Work for Enqueued {
    /// Waits until the records of the previous turn have left the queue.
    fn prepare(&mut self) -> Result<()> {
        self.runtime.block_on(self.backend.flush())?;
        match self.backend.status().ledger.dropped_total() {
            0 => Ok(()),
            dropped => Err(format!("{dropped} records were dropped").into()),
        }
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
        self.prepare()?;
        told(&self.runtime.block_on(self.backend.expose())?)
    }
}
