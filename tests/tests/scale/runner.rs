//! One runner: the registry behind its `/metrics`.

use anyhow::Result;
use prometheus_client::registry::Registry;
use solti_metrics::{Event, Exposition, PrometheusMetrics, RunnerType, TaskOutcome};
use solti_metrics_host::provider::{
    BackendCollector, BackendOptions, ComponentBackend, Grants, Providers,
};
use solti_metrics_host::{LedgerBook, LedgerCollector};
use solti_metrics_tests::artifact::{WASI, artifact};

use crate::expected::Expected;

/// How much there is in a runner.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) tasks: usize,
    /// Those that are components.
    pub(crate) backends: usize,
    /// Types of runner that guests report, each with every outcome.
    pub(crate) types: usize,
}

impl Plan {
    /// The runner that the page is about.
    pub(crate) const USUAL: Self = Self {
        tasks: 8,
        backends: 1,
        types: 1,
    };
}

pub(crate) struct Runner {
    metrics: PrometheusMetrics,
    // Exported as long as they are there.
    _backends: Vec<ComponentBackend>,
}

impl Runner {
    /// Records as much as gives its counters digits, and then no more.
    pub(crate) fn start(plan: Plan) -> Result<Self> {
        let mut registry = Registry::default();
        let collector = BackendCollector::new();
        let book = LedgerBook::new();
        let mut ledgers = LedgerCollector::new();
        for source in ["guests", "runner"] {
            let book = book.clone();
            ledgers = ledgers.source(source, move || book.total());
        }
        let backends = backends(plan.backends)?;
        for backend in &backends {
            collector.add(backend);
            let ledger = backend.status().ledger;
            ledgers.add(backend.status().name.to_string(), move || ledger);
        }
        registry.register_collector(Box::new(collector));
        registry.register_collector(Box::new(ledgers));
        registry.register_collector(Box::new(Expected::of(plan)));
        let metrics = PrometheusMetrics::with_registry(registry);
        // Last come those that the runner itself records.
        for runner in RunnerType::ALL.into_iter().rev().take(plan.types) {
            records(runner).for_each(|event| event.record_into(&metrics));
        }
        Ok(Self {
            metrics,
            _backends: backends,
        })
    }

    pub(crate) fn encode(&self, exposition: Exposition) -> Result<String> {
        Ok(self.metrics.encode(exposition)?)
    }

    /// What Prometheus asks for.
    pub(crate) fn exposition(&self) -> Result<String> {
        self.encode(Exposition::OpenMetrics)
    }
}

fn backends(count: usize) -> Result<Vec<ComponentBackend>> {
    let bytes = std::fs::read(artifact("provider", WASI))?;
    let provider = Providers::new()?.load("sink", &bytes, &Grants::new())?;
    let start = |number| {
        let mut options = BackendOptions::default();
        options.name = Some(format!("sink-{number}").into());
        Ok(ComponentBackend::start(&provider, options)?)
    };
    (0..count).map(start).collect()
}

/// Some thousands of tasks, of every outcome, from a millisecond to hours.
fn records(runner: RunnerType) -> impl Iterator<Item = Event> {
    (1..5_000_u64).flat_map(move |number| {
        let outcomes = TaskOutcome::ALL;
        let outcome = outcomes[number as usize % outcomes.len()];
        let duration_ms = (number * number) % 7_919 + 1;
        let completed = Event::TaskCompleted {
            runner,
            outcome,
            duration_ms,
        };
        [Event::TaskStarted { runner }, completed]
    })
}
