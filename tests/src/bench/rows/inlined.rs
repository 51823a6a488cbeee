//! The recording mode `inline`: the guest's side alone, and with the host's side.

use std::sync::Arc;

use solti_metrics::{MetricsHandle, PrometheusMetrics};
use solti_metrics_host::MetricsCtx;
use solti_metrics_host::measure::{MeasureTarget, MeasuredGuest, MeasuredInstance, drain};

use super::backends::{Atomics, completed, scraped};
use super::guest::{BACKEND, recording};
use crate::bench::{Arrived, Result, Work};
use crate::guest::component;

/// Measures the guest's side, without a consumer of the records.
pub(super) fn alone(records: u32, interruptible: bool) -> Result<Box<dyn Work>> {
    let instance = instance(records, interruptible, MeasureTarget::default())?;
    Ok(Box::new(Inlined {
        instance,
        arrived: Box::new(|instance| Ok(Arrived::Counted(instance.taken()))),
    }))
}

/// A guest with so many functions that the host compiles it without inlining: the shim is
/// called.
pub(super) struct Large(MeasuredGuest);

impl Large {
    /// `functions` is the number of functions that `main` does not call.
    pub(super) fn new(records: u32, functions: usize) -> Result<Self> {
        let core = recording(BACKEND, records);
        let end = core.rfind(')').ok_or("not a module")?;
        let function = "(func (param i32) (result i32) (i32.mul (local.get 0) (i32.const 7)))";
        let core = format!("{}{})", &core[..end], function.repeat(functions));
        Ok(Self(MeasuredGuest::new(&component(&core)?, true)?))
    }

    /// Measures the guest's side, with epoch checks and without a consumer of the records.
    pub(super) fn alone(&self) -> Result<Box<dyn Work>> {
        Ok(Box::new(Inlined {
            instance: self.0.instance(MeasureTarget::default())?,
            arrived: Box::new(|instance| Ok(Arrived::Counted(instance.taken()))),
        }))
    }
}

pub(super) fn into_atomics(records: u32, interruptible: bool) -> Result<Box<dyn Work>> {
    let atomics = Arc::new(Atomics::default());
    let instance = instance(records, interruptible, into(atomics.clone()))?;
    Ok(Box::new(Inlined {
        instance,
        arrived: Box::new(move |_| Ok(atomics.arrived())),
    }))
}

pub(super) fn into_prometheus(records: u32) -> Result<Box<dyn Work>> {
    let metrics = Arc::new(PrometheusMetrics::new());
    let instance = instance(records, true, into(metrics.clone()))?;
    Ok(Box::new(Inlined {
        instance,
        arrived: Box::new(move |_| scraped(&metrics)),
    }))
}

fn into(backend: MetricsHandle) -> MeasureTarget {
    MeasureTarget::Ctx(Box::new(MetricsCtx::builder().handle(backend).build()))
}

fn instance(records: u32, interruptible: bool, target: MeasureTarget) -> Result<MeasuredInstance> {
    let bytes = component(&recording(BACKEND, records))?;
    Ok(MeasuredGuest::new(&bytes, interruptible)?.instance(target)?)
}

type Told = dyn Fn(&MeasuredInstance) -> Result<Arrived>;

struct Inlined {
    instance: MeasuredInstance,
    arrived: Box<Told>,
}

impl Work for Inlined {
    fn run(&mut self) -> Result<()> {
        Ok(self.instance.call()?)
    }

    fn arrived(&mut self) -> Result<Arrived> {
        (self.arrived)(&self.instance)
    }
}

/// Measures the host's side: the drain of a full ring.
pub(super) fn host_side(records: u32) -> Result<Box<dyn Work>> {
    let metrics = Arc::new(PrometheusMetrics::new());
    let events = (1..=u64::from(records)).map(completed);
    Ok(Box::new(Drained {
        ctx: MetricsCtx::builder().handle(metrics.clone()).build(),
        words: events.map(|event| event.to_words()).collect(),
        metrics,
    }))
}

/// Capacity of the ring, in records.
const RING: usize = 256;

struct Drained {
    ctx: MetricsCtx,
    words: Vec<[u64; 2]>,
    metrics: Arc<PrometheusMetrics>,
}

impl Work for Drained {
    fn run(&mut self) -> Result<()> {
        for words in self.words.chunks(RING) {
            drain(&mut self.ctx, words);
        }
        Ok(())
    }

    fn arrived(&mut self) -> Result<Arrived> {
        scraped(&self.metrics)
    }
}
