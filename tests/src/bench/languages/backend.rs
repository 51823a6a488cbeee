use std::path::Path;
use std::time::Duration;

use cpu_time::ProcessTime;
use solti_metrics::{Event, MetricsBackend};
use solti_metrics_host::provider::{BackendOptions, ComponentBackend, Grants, Provider, Providers};
use tokio::runtime::Runtime;

use super::built::Built;
use super::{MOST, fastest, us_each};
use crate::bench::Result;
use crate::cached_code;
use crate::script::script;
use crate::toolchains::Example;

/// Cost of a provider.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Backend {
    pub(super) example: Example,
    pub(super) built: Built,
    /// The smallest memory limit with which the provider starts.
    pub(super) memory: usize,
    /// Time to load the provider from a cache.
    pub(super) load: Duration,
    /// CPU time of a record, on both sides together, in microseconds.
    pub(super) record_us: f64,
    /// CPU time of an exposition, in microseconds.
    pub(super) expose_us: f64,
    /// Number of expositions that fit in the default memory limit.
    pub(super) scrapes: u32,
}

/// A memory limit that no provider reaches.
const MEMORY: usize = 1 << 30;

/// A deadline that no measurement reaches.
const GUARD: Duration = Duration::from_secs(60);

/// The count stops above this number of expositions.
pub(super) const MANY: u32 = 1_000;

const PAGE: usize = 64 << 10;

impl Backend {
    pub(super) fn measure(example: Example, component: &Path, folder: &Path) -> Result<Self> {
        let built = Built::of(&example, component, folder)?;
        let providers = Providers::builder()
            .artifacts(cached_code::artifacts()?)
            .build()?;
        let provider = cached_code::provider(&providers, component, &Grants::new())?;
        let tokio = Runtime::new()?;
        let roomy = started(&provider, MEMORY)?;
        let usual = started(&provider, BackendOptions::default().limits.memory)?;
        Ok(Self {
            example,
            built,
            memory: least_memory(&provider)?,
            load: fastest(|| {
                Ok(cached_code::provider(&providers, component, &Grants::new())?.origin())
            })?,
            record_us: record_us(&roomy, &tokio)?,
            expose_us: expose_us(&roomy, &tokio)?,
            scrapes: scrapes(&usual, &tokio),
        })
    }
}

fn started(provider: &Provider, memory: usize) -> Result<ComponentBackend> {
    let mut options = BackendOptions::default();
    options.queue_capacity = 2 * MOST;
    options.deadline = GUARD;
    options.flush_interval = Duration::from_secs(3600);
    options.limits.memory = memory;
    Ok(ComponentBackend::start(provider, options)?)
}

/// The smallest memory limit, in pages: memory grows by pages.
fn least_memory(provider: &Provider) -> Result<usize> {
    let (mut too_little, mut enough) = (0, BackendOptions::default().limits.memory / PAGE);
    started(provider, enough * PAGE)?;
    while enough - too_little > 1 {
        let middle = usize::midpoint(too_little, enough);
        match started(provider, middle * PAGE) {
            Ok(_) => enough = middle,
            Err(_) => too_little = middle,
        }
    }
    Ok(enough * PAGE)
}

fn record_us(backend: &ComponentBackend, tokio: &Runtime) -> Result<f64> {
    us_each(256, |records| {
        let events: Vec<Event> = script().into_iter().cycle().take(records).collect();
        // The queue is empty before and after the measurement.
        tokio.block_on(backend.flush())?;
        let begun = ProcessTime::now();
        backend.record_batch(&events)?;
        tokio.block_on(backend.flush())?;
        let time = begun.elapsed().as_secs_f64();
        let ledger = backend.status().ledger;
        if ledger.delivered() != ledger.accepted() {
            return Err(format!("{ledger:?}").into());
        }
        Ok(time)
    })
}

fn expose_us(backend: &ComponentBackend, tokio: &Runtime) -> Result<f64> {
    us_each(16, |scrapes| {
        let begun = ProcessTime::now();
        for _ in 0..scrapes {
            tokio.block_on(backend.expose())?;
        }
        Ok(begun.elapsed().as_secs_f64())
    })
}

fn scrapes(backend: &ComponentBackend, tokio: &Runtime) -> u32 {
    script().iter().for_each(|event| event.record_into(backend));
    let exposed = |_: &u32| tokio.block_on(backend.expose()).is_ok();
    (0..MANY).take_while(exposed).count() as u32
}
