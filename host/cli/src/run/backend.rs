//! Backends and middlewares of one run.

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

use super::args::{ReportFormat, RunArgs};
use super::chain::{BackendChain, BuiltinBackend};
use crate::limits::advised;
use crate::messages::MessageNotices;

/// Backends of the run, and the totals that the report is made from.
pub(crate) struct RunBackends {
    /// Names of the backends in the report.
    pub(crate) chosen: String,
    pub(crate) handle: MetricsHandle,
    pub(crate) summary: Option<Arc<SummaryMetrics>>,
    pub(crate) prometheus: Option<Arc<PrometheusMetrics>>,
    /// Middlewares, then component backends, in the order of the records.
    pub(crate) components: Vec<Arc<Component>>,
    pub(crate) guests: LedgerTotals,
    pub(crate) own: LedgerTotals,
}

/// Error for options that contradict each other.
#[derive(Debug)]
pub(crate) struct Misuse(String);

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Built-in backends of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Builtins {
    summary: bool,
    prometheus: bool,
}

impl Builtins {
    pub(crate) fn choose(args: &RunArgs) -> Result<Self, Misuse> {
        let asked = |backend| args.chain.builtins.contains(&backend);
        let scraped = args.listen.is_some() || args.format == ReportFormat::Prometheus;
        let components = !args.chain.backends.is_empty();
        let unscraped = asked(BuiltinBackend::Noop) || asked(BuiltinBackend::Memory);
        if scraped && unscraped && !asked(BuiltinBackend::Prometheus) && !components {
            let other = if asked(BuiltinBackend::Noop) {
                BuiltinBackend::Noop
            } else {
                BuiltinBackend::Memory
            };
            let option = if args.listen.is_some() {
                "--listen"
            } else {
                "--format prometheus"
            };
            return Err(Misuse(format!(
                "--backend {} cannot be scraped; remove it, or use --backend prometheus with {option}",
                other.as_label(),
            )));
        }
        if asked(BuiltinBackend::Noop) && (args.chain.builtins.len() > 1 || components) {
            return Err(Misuse(
                "--backend noop discards all records; remove it, or remove the other backends"
                    .into(),
            ));
        }
        Ok(Self {
            // The table shows the summary, for any other backends.
            summary: !asked(BuiltinBackend::Noop),
            prometheus: asked(BuiltinBackend::Prometheus) || scraped,
        })
    }
}

impl RunBackends {
    /// Starts the backends of the command line: `(summary, middleware* -> (Prometheus,
    /// backend*))`. The report is made from the summary, which counts the records of guests
    /// before any middleware changes them.
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
        let mut next: Vec<MetricsHandle> = Vec::new();
        next.extend(prometheus.clone().map(|metrics| metrics as MetricsHandle));

        let BackendChain {
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
            let mut names = ComponentNames::default();
            let drain_timeout = args.drain_timeout.0;
            let notices: Arc<dyn Notices> = Arc::new(MessageNotices);
            for granted in backends {
                let name = names.of(&granted.file);
                let spec = spec(name, granted, args);
                let component = Component::start(&providers, &spec, None, drain_timeout, &notices);
                let component = component.map_err(advised)?;
                next.push(component.handle());
                components.push(Arc::new(component));
            }
            for granted in middlewares.iter().rev() {
                let name = names.of(&granted.file);
                let chain = fan_out(std::mem::take(&mut next));
                let spec = spec(name, granted, args);
                let component =
                    Component::start(&providers, &spec, Some(chain), drain_timeout, &notices);
                let component = component.map_err(advised)?;
                next.push(component.handle());
                components.insert(0, Arc::new(component));
            }
        }
        next.extend(summary.clone().map(|summary| summary as MetricsHandle));
        components
            .iter()
            .for_each(|component| exported.add(component));
        Ok(Self {
            chosen: chosen(builtins, &components),
            handle: fan_out(next),
            summary,
            prometheus,
            components,
            guests,
            own,
        })
    }

    /// Accepts no more records, delivers the queued records in the order of the chain, and
    /// flushes all components. Returns the state of each component before the drain.
    pub(crate) async fn drain(&self, within: Duration) -> Vec<BackendState> {
        let states = self.components.iter().map(|it| it.status().state).collect();
        drain(&self.components, within).await;
        states
    }

    /// The number of records in flight of each component, for the message of a forced exit.
    pub(crate) fn in_flight(&self) -> String {
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

fn spec(name: String, component: &GrantedComponent, args: &RunArgs) -> ComponentSpec {
    ComponentSpec {
        name,
        source: component.clone(),
        options: ComponentOptions {
            queue_capacity: args.backend_queue_capacity.get(),
            timeout: args.backend_timeout.0,
            max_memory: usize::try_from(args.backend_max_memory.as_u64()).unwrap_or(usize::MAX),
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

/// Unique names of components, from the names of their files. A number is appended to a
/// name that is already used.
#[derive(Default)]
struct ComponentNames(BTreeSet<String>);

impl ComponentNames {
    fn of(&mut self, file: &Path) -> String {
        let stem = file.file_stem().unwrap_or(file.as_os_str());
        let stem = printable(&stem.to_string_lossy());
        let mut name = stem.clone();
        let mut number = 1;
        // The table has ledgers with these names for guests and runner.
        while matches!(&*name, "guests" | "runner") || !self.0.insert(name.clone()) {
            number += 1;
            name = format!("{stem}-{number}");
        }
        name
    }
}
