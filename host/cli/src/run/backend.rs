use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::registry::Registry;
use solti_metrics::{MetricsHandle, PrometheusMetrics, SummaryMetrics};
use solti_metrics_host::LedgerTotals;
use solti_metrics_host::artifact::Artifacts;
use solti_metrics_host::provider::{BackendState, Providers};
use solti_metrics_host::text::printable;
use solti_metrics_server::{
    Component, ComponentOptions, ComponentSpec, ExportedMetrics, GrantedComponent, Notices, drain,
    fan_out,
};

use super::args::{Format, RunArgs};
use super::chain::{Backend, Chain};
use crate::limits::advised;
use crate::voice::Voice;

/// What receives the records, and what the report is made from afterwards.
pub(crate) struct Backends {
    /// As the report names them.
    pub(crate) chosen: String,
    pub(crate) handle: MetricsHandle,
    pub(crate) summary: Option<Arc<SummaryMetrics>>,
    pub(crate) prometheus: Option<Arc<PrometheusMetrics>>,
    /// In the order in which records pass them.
    pub(crate) components: Vec<Arc<Component>>,
    pub(crate) guests: LedgerTotals,
    pub(crate) own: LedgerTotals,
}

/// Options that contradict each other.
#[derive(Debug)]
pub(crate) struct Misuse(String);

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The backends that are built in, as they were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Builtins {
    summary: bool,
    prometheus: bool,
}

impl Builtins {
    pub(crate) fn choose(args: &RunArgs) -> Result<Self, Misuse> {
        let asked = |backend| args.chain.builtins.contains(&backend);
        let scraped = args.listen.is_some() || args.format == Format::Prometheus;
        let components = !args.chain.backends.is_empty();
        let unscraped = asked(Backend::Noop) || asked(Backend::Memory);
        if scraped && unscraped && !asked(Backend::Prometheus) && !components {
            let other = if asked(Backend::Noop) {
                Backend::Noop
            } else {
                Backend::Memory
            };
            let option = if args.listen.is_some() {
                "--listen"
            } else {
                "--format prometheus"
            };
            return Err(Misuse(format!(
                "--backend {} has nothing to scrape: leave it out, or choose --backend prometheus, with {option}",
                other.as_label(),
            )));
        }
        if asked(Backend::Noop) && (args.chain.builtins.len() > 1 || components) {
            return Err(Misuse(
                "--backend noop keeps nothing: leave it out, or leave the others out".into(),
            ));
        }
        Ok(Self {
            // The table is made from it, whoever else receives the records.
            summary: !asked(Backend::Noop),
            prometheus: asked(Backend::Prometheus) || scraped,
        })
    }
}

impl Backends {
    /// Starts what was asked for: `(summary, middleware* -> (Prometheus, backend*))`.
    /// The summary is what the report is made from, and tells what guests did, not
    /// what a middleware made of it.
    pub(crate) fn start(
        args: &RunArgs,
        builtins: Builtins,
        artifacts: &Artifacts,
    ) -> anyhow::Result<Self> {
        let (guests, own) = (LedgerTotals::new(), LedgerTotals::new());
        let exported = ExportedMetrics::new(&guests, &own);
        let summary = builtins.summary.then(|| Arc::new(SummaryMetrics::new()));
        let prometheus = builtins
            .prometheus
            .then(|| Arc::new(exported.prometheus(Registry::default())));
        let mut receivers: Vec<MetricsHandle> = Vec::new();
        receivers.extend(prometheus.clone().map(|metrics| metrics as MetricsHandle));

        let Chain {
            middlewares,
            backends,
            ..
        } = &args.chain;
        let mut components = Vec::new();
        if !(middlewares.is_empty() && backends.is_empty()) {
            let providers = Providers::builder()
                .artifacts(artifacts.clone())
                .max_component(args.max_component.as_u64())
                .build()?;
            let mut names = Names::default();
            let drain_timeout = args.drain_timeout.0;
            let notices: Arc<dyn Notices> = Arc::new(Voice);
            for part in backends {
                let name = names.of(&part.file);
                let wanted = wanted(name, part, args);
                let component =
                    Component::start(&providers, &wanted, None, drain_timeout, &notices);
                let component = component.map_err(advised)?;
                receivers.push(component.handle());
                components.push(Arc::new(component));
            }
            for part in middlewares.iter().rev() {
                let name = names.of(&part.file);
                let next = fan_out(std::mem::take(&mut receivers));
                let wanted = wanted(name, part, args);
                let component =
                    Component::start(&providers, &wanted, Some(next), drain_timeout, &notices);
                let component = component.map_err(advised)?;
                receivers.push(component.handle());
                components.insert(0, Arc::new(component));
            }
        }
        receivers.extend(summary.clone().map(|summary| summary as MetricsHandle));
        components
            .iter()
            .for_each(|component| exported.add(component));
        Ok(Self {
            chosen: chosen(builtins, &components),
            handle: fan_out(receivers),
            summary,
            prometheus,
            components,
            guests,
            own,
        })
    }

    /// Takes no more records, hands over what waits, in the order of the chain,
    /// and flushes everybody. Returns in which state each was before.
    pub(crate) async fn drain(&self, within: Duration) -> Vec<BackendState> {
        let states = self.components.iter().map(|it| it.status().state).collect();
        drain(&self.components, within).await;
        states
    }

    /// What is in flight, for a last word.
    pub(crate) fn left(&self) -> String {
        let left: Vec<_> = self
            .components
            .iter()
            .map(|component| (component, component.status().ledger.in_flight()))
            .filter(|(_, in_flight)| *in_flight > 0)
            .map(|(component, in_flight)| format!("; {in_flight} records for {}", component.name))
            .collect();
        left.concat()
    }
}

fn wanted(name: String, part: &GrantedComponent, args: &RunArgs) -> ComponentSpec {
    ComponentSpec {
        name,
        source: part.clone(),
        options: ComponentOptions {
            queue_capacity: args.queue.get(),
            timeout: args.backend_timeout.0,
            max_memory: usize::try_from(args.backend_memory.as_u64()).unwrap_or(usize::MAX),
            limits: args.limits.given(),
        },
    }
}

fn chosen(builtins: Builtins, components: &[Arc<Component>]) -> String {
    let builtin = if builtins.prometheus {
        "prometheus"
    } else if builtins.summary {
        "memory"
    } else {
        "noop"
    };
    let names = components.iter().map(|component| &*component.name);
    let all: Vec<_> = std::iter::once(builtin).chain(names).collect();
    all.join(", ")
}

/// Names of components: those of their files, told apart by a number.
#[derive(Default)]
struct Names(BTreeSet<String>);

impl Names {
    fn of(&mut self, file: &Path) -> String {
        let stem = file.file_stem().unwrap_or(file.as_os_str());
        let stem = printable(&stem.to_string_lossy());
        let mut name = stem.clone();
        let mut number = 1;
        // The ledgers of guests and runner stand under these in the same table.
        while matches!(&*name, "guests" | "runner") || !self.0.insert(name.clone()) {
            number += 1;
            name = format!("{stem}-{number}");
        }
        name
    }
}
