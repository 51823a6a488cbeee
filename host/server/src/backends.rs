//! The backends and middlewares that receive records, and their changes at a reload.
//!
//! ```text
//! guests, runner ──▶ first ──▶ middleware ──▶ … ──▶ last ──▶ /metrics
//!                    switch      switch            switch     └▶ each backend
//! ```
//!
//! The links between them are replaceable: an unchanged backend continues while others
//! are added and removed, and no record is lost in between. Removed backends drain while
//! the reload and other backends continue (`draining_backends.rs`). Their counts remain
//! (`backend_ledgers.rs`).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use solti_metrics::{MetricsHandle, PrometheusMetrics, ReplaceableMetrics};
use solti_metrics_host::provider::Providers;
use tokio::task::spawn_blocking;

use crate::backend_ledgers::BackendLedgers;
use crate::component::{Component, ComponentSpec};
use crate::config::{BackendConfig, ConfigName, Configuration, MiddlewareConfig};
use crate::draining_backends::{DrainingBackend, DrainingBackends, stop};
use crate::error::Error;
use crate::exported_metrics::ExportedMetrics;
use crate::fan_out::fan_out;
use crate::native_exporter::NativeExporter;
use crate::not_applied::{NotApplied, Remains};
use crate::notices::Notices;
use crate::reading::Reads;
use crate::running_backend::RunningBackend;

/// The backends and middlewares that receive records.
pub(crate) struct Backends {
    first: Arc<ReplaceableMetrics>,
    last: Arc<ReplaceableMetrics>,
    scraped: Arc<PrometheusMetrics>,
    /// Backends of the program that embeds the server.
    native: Vec<MetricsHandle>,
    exported: ExportedMetrics,
    providers: Providers,
    reads: Reads,
    notices: Arc<dyn Notices>,
    drain_timeout: Duration,
    /// No task awaits while it holds this lock.
    running: Mutex<BackendSet>,
    ledgers: BackendLedgers,
    draining: Arc<DrainingBackends>,
}

#[derive(Default, Clone)]
struct BackendSet {
    /// Middlewares in the order in which records pass them, each with its destination.
    middlewares: Vec<(RunningBackend, Arc<ReplaceableMetrics>)>,
    backends: BTreeMap<String, RunningBackend>,
}

impl BackendSet {
    /// Keeps the previous backend or middleware of this name, in its role, if there is
    /// one.
    fn keep(&mut self, name: &str, before: &Self) -> Remains {
        if let Some(backend) = before.backends.get(name) {
            self.backends.insert(name.into(), backend.clone());
            return Remains::Unchanged;
        }
        let mut middlewares = before.middlewares.iter();
        let middleware = middlewares.find(|(old, _)| *old.name == *name);
        self.middlewares.extend(middleware.cloned());
        match middleware {
            Some(_) => Remains::Unchanged,
            None => Remains::StartFailed,
        }
    }

    /// Moves middlewares without any of these names to their previous positions: those
    /// that were kept because another part has their name.
    fn restore_positions(&mut self, wanted: &[MiddlewareConfig], before: &Self) {
        let is_other = |(backend, _): &mut (RunningBackend, _)| {
            !wanted.iter().any(|wanted| *wanted.name.0 == *backend.name)
        };
        let others: Vec<_> = self.middlewares.extract_if(.., is_other).collect();
        for (position, (old, _)) in before.middlewares.iter().enumerate() {
            let other = others.iter().find(|(other, _)| other.is_same(old));
            if let Some(other) = other {
                let position = position.min(self.middlewares.len());
                self.middlewares.insert(position, other.clone());
            }
        }
    }

    fn all(&self) -> impl Iterator<Item = &RunningBackend> {
        let middlewares = self.middlewares.iter().map(|(backend, _)| backend);
        middlewares.chain(self.backends.values())
    }
}

impl Backends {
    pub(super) fn new(
        scraped: Arc<PrometheusMetrics>,
        native: Vec<MetricsHandle>,
        exported: ExportedMetrics,
        providers: Providers,
        reads: Reads,
        notices: Arc<dyn Notices>,
        drain_timeout: Duration,
    ) -> Self {
        let last = Arc::new(ReplaceableMetrics::new(last(&scraped, &native, None)));
        let ledgers = BackendLedgers::default();
        exported.ledgers(ledgers.reader());
        Self {
            first: Arc::new(ReplaceableMetrics::new(Arc::clone(&last) as MetricsHandle)),
            last,
            scraped,
            native,
            providers,
            reads,
            notices,
            drain_timeout,
            running: Mutex::default(),
            draining: Arc::new(DrainingBackends::new(ledgers.clone(), exported.clone())),
            exported,
            ledgers,
        }
    }

    /// Handle that passes records to the first middleware.
    pub(super) fn handle(&self) -> MetricsHandle {
        Arc::clone(&self.first) as MetricsHandle
    }

    /// All backends and middlewares, in the order in which records pass them.
    pub(crate) fn running(&self) -> Vec<RunningBackend> {
        self.running.lock().all().cloned().collect()
    }

    /// Ledgers of all backends, including removed ones.
    pub(crate) fn ledgers(&self) -> &BackendLedgers {
        &self.ledgers
    }

    /// Starts new backends, stops removed ones, and replaces changed ones. If a backend
    /// cannot be started, the previous one of that name continues in its role; the errors
    /// are returned. Removed backends may still drain when this returns.
    pub(super) async fn apply(&self, source: &Configuration) -> Vec<NotApplied> {
        self.draining.wait_for_capacity().await;
        let before = self.running.lock().clone();
        let mut errors = Vec::new();
        let mut after = BackendSet::default();
        for (ConfigName(name), backend) in &source.config.backends {
            let old = before.backends.get(name);
            let made = self.backend(source, name, backend, old).await;
            match made.map_err(|error| error.of_backend(name)) {
                Ok(backend) => drop(after.backends.insert(name.clone(), backend)),
                Err(error) => {
                    let remains = after.keep(name, &before);
                    errors.push(NotApplied::new(error, remains));
                }
            }
        }
        for middleware in &source.config.middlewares {
            let wanted = ComponentSpec::middleware(source, middleware);
            let old = before
                .middlewares
                .iter()
                .find(|(old, _)| *old.name == wanted.name);
            let made = self.middleware(wanted, old).await;
            match made.map_err(|error| error.of_middleware(&middleware.name.0)) {
                Ok(made) => after.middlewares.push(made),
                Err(error) => {
                    let remains = after.keep(&middleware.name.0, &before);
                    errors.push(NotApplied::new(error, remains));
                }
            }
        }
        after.restore_positions(&source.config.middlewares, &before);
        // No await follows, so that no backend is lost if the caller drops this future.
        for new in only_in(&after, &before) {
            self.ledgers.enter(&new);
            if let Some(component) = new.component() {
                self.exported.backend(component);
            }
        }
        self.connect(&after);
        let gone = gone(&before, &after);
        *self.running.lock() = after;
        self.draining.start(gone, self.drain_timeout);
        errors
    }

    async fn backend(
        &self,
        source: &Configuration,
        name: &str,
        backend: &BackendConfig,
        old: Option<&RunningBackend>,
    ) -> Result<RunningBackend, Error> {
        if let Some(wanted) = ComponentSpec::backend(source, name, backend) {
            return self.component(wanted, old, None).await;
        }
        if let Some(old) = old.filter(|old| old.is_exporter_of(backend)) {
            return Ok(old.clone());
        }
        // This reads files.
        let otlp = backend.otlp.as_ref();
        let file = otlp.and_then(|otlp| otlp.ca_file.as_ref());
        let file = file.map_or_else(|| name.into(), |file| source.path(file));
        let (shown, source, wanted) = (name.to_owned(), source.clone(), backend.clone());
        let build = move || NativeExporter::new(&shown, &source, &wanted);
        let exporter = self.reads.in_time(&file, build).await??;
        Ok(RunningBackend::exporter(name, exporter, backend))
    }

    async fn middleware(
        &self,
        wanted: ComponentSpec,
        old: Option<&(RunningBackend, Arc<ReplaceableMetrics>)>,
    ) -> Result<(RunningBackend, Arc<ReplaceableMetrics>), Error> {
        let behind = match old {
            Some((_, behind)) => Arc::clone(behind),
            None => Arc::new(ReplaceableMetrics::new(
                Arc::clone(&self.last) as MetricsHandle
            )),
        };
        let old = old.map(|(backend, _)| backend);
        let next = Arc::clone(&behind) as MetricsHandle;
        Ok((self.component(wanted, old, Some(next)).await?, behind))
    }

    /// Returns the same backend if nothing changed. Replaces its component in place if
    /// its limits are the same. Otherwise starts a new backend.
    async fn component(
        &self,
        wanted: ComponentSpec,
        old: Option<&RunningBackend>,
        next: Option<MetricsHandle>,
    ) -> Result<RunningBackend, Error> {
        let digest = self.digest(&wanted).await?;
        match old.and_then(|old| Some((old, old.component()?))) {
            Some((old, _)) if old.is_component_of(&wanted, &digest) => return Ok(old.clone()),
            Some((old, component)) if old.has_options(&wanted) => {
                if component.replace(wanted.source.clone()).await? {
                    return Ok(RunningBackend::component_of(
                        Arc::clone(component),
                        wanted,
                        digest,
                    ));
                }
                tracing::warn!(
                    backend = wanted.name,
                    "backend is busy: a new instance starts, and the old one drains in the background"
                );
            }
            _ => {}
        }
        let providers = self.providers.clone();
        let drain_timeout = self.drain_timeout;
        let notices = Arc::clone(&self.notices);
        let start = move || {
            let component = Component::start(&providers, &wanted, next, drain_timeout, &notices)?;
            Ok(RunningBackend::component_of(
                Arc::new(component),
                wanted,
                digest,
            ))
        };
        spawn_blocking(start)
            .await
            .map_err(Error::aborted("loading"))?
    }

    async fn digest(&self, wanted: &ComponentSpec) -> Result<blake3::Hash, Error> {
        let (providers, file) = (self.providers.clone(), wanted.source.file.clone());
        let read = {
            let file = file.clone();
            move || Ok(blake3::hash(&providers.read(&file)?))
        };
        self.reads.in_time(&file, read).await?
    }

    /// Connects the links: from now on, records pass these backends.
    fn connect(&self, running: &BackendSet) {
        let backends = running.backends.values().map(RunningBackend::handle);
        self.last
            .replace(last(&self.scraped, &self.native, backends));
        let mut next = Arc::clone(&self.last) as MetricsHandle;
        for (backend, behind) in running.middlewares.iter().rev() {
            behind.replace(next);
            next = backend.handle();
        }
        self.first.replace(next);
    }

    /// Stops all backends: they accept no more records, and drain.
    pub(super) async fn stop(&self) {
        let mut running = self.running();
        running.extend(self.draining.backends());
        stop(&running, self.drain_timeout).await;
    }
}

/// The destinations behind all middlewares.
fn last(
    scraped: &Arc<PrometheusMetrics>,
    native: &[MetricsHandle],
    backends: impl IntoIterator<Item = MetricsHandle>,
) -> MetricsHandle {
    let scraped = Arc::clone(scraped) as MetricsHandle;
    let all = [scraped].into_iter().chain(native.iter().cloned());
    fan_out(all.chain(backends).collect())
}

/// Backends that are in `one` and not in `other`, in the order in which records pass
/// them.
fn only_in(one: &BackendSet, other: &BackendSet) -> Vec<RunningBackend> {
    let in_other = |backend: &&RunningBackend| !other.all().any(|other| other.is_same(backend));
    one.all().filter(in_other).cloned().collect()
}

/// Removed backends, in the same order.
fn gone(before: &BackendSet, after: &BackendSet) -> Vec<DrainingBackend> {
    let behind = |gone: &RunningBackend| {
        let mut middlewares = before.middlewares.iter();
        let found = middlewares.find(|(middleware, _)| middleware.is_same(gone));
        found.map(|(_, behind)| Arc::clone(behind))
    };
    let gone = only_in(before, after).into_iter();
    gone.map(|backend| DrainingBackend {
        behind: behind(&backend),
        backend,
    })
    .collect()
}
