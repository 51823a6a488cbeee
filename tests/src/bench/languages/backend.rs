use std::path::Path;
use std::time::Duration;

use cpu_time::ProcessTime;
use solti_metrics::{Event, MetricsBackend};
use solti_metrics_host::provider::{BackendOptions, ComponentBackend, Grants, Provider, Providers};
use tokio::runtime::Runtime;

use super::built::Built;
use super::{MOST, fastest, us_each};
use crate::bench::Result;
use crate::kept;
use crate::script::script;
use crate::toolchains::Example;

/// What a provider costs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Backend {
    pub(super) example: Example,
    pub(super) built: Built,
    /// The least memory with which it starts.
    pub(super) memory: usize,
    /// To load it from a cache.
    pub(super) load: Duration,
    /// Microseconds of CPU time for a record, on both sides together.
    pub(super) record_us: f64,
    /// And for the text that it exposes.
    pub(super) expose_us: f64,
    /// How often it can be asked for that within the memory that it has by default.
    pub(super) scrapes: u32,
}

/// Beyond what any of them needs.
const MEMORY: usize = 1 << 30;

/// Beyond what anything here takes.
const GUARD: Duration = Duration::from_secs(60);

/// More than that is many.
pub(super) const MANY: u32 = 1_000;

const PAGE: usize = 64 << 10;

impl Backend {
    pub(super) fn measure(example: Example, component: &Path, folder: &Path) -> Result<Self> {
        let built = Built::of(&example, component, folder)?;
        let providers = Providers::builder().artifacts(kept::artifacts()?).build()?;
        let provider = kept::provider(&providers, component, &Grants::new())?;
        let tokio = Runtime::new()?;
        let roomy = started(&provider, MEMORY)?;
        let usual = started(&provider, BackendOptions::default().limits.memory)?;
        Ok(Self {
            example,
            built,
            memory: least_memory(&provider)?,
            load: fastest(|| Ok(kept::provider(&providers, component, &Grants::new())?.origin()))?,
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
    options.flush_every = Duration::from_secs(3600);
    options.limits.memory = memory;
    Ok(ComponentBackend::start(provider, options)?)
}

/// In pages, as memory grows.
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
        // Nothing is left to be handed over, before and after.
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
