//! The end of a cell: a backend, and an optional middleware before it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use solti_metrics::{ExpositionFormat, MetricsHandle, PrometheusMetrics};
use solti_metrics_host::provider::{
    BackendOptions, BackendState, BackendStatus, ComponentBackend, Grants, Provider, Providers,
};
use solti_metrics_tests::cached_code;
use solti_metrics_tests::reference_tool::ReferenceTool;
use solti_metrics_tests::toolchains::Example;
use tokio::runtime::Runtime;

use crate::matrix::route::Route;

/// A deadline that no cell reaches.
const GUARD: Duration = Duration::from_secs(60);

/// The backend that adds records up.
#[derive(Clone)]
pub(crate) enum Destination {
    /// Our own backend, in the host.
    Prometheus,
    /// A component.
    Provider(Example, Arc<Loaded>),
}

impl Destination {
    /// That, if this one is there too.
    pub(crate) fn needed_beside(&self, that: ReferenceTool) -> ReferenceTool {
        match self {
            Self::Prometheus => that,
            Self::Provider(example, _) => that.and(example.component()),
        }
    }

    /// The toolchain's name.
    pub(crate) fn toolchain(&self) -> &str {
        match self {
            Self::Prometheus => "host_prometheus",
            Self::Provider(example, _) => &example.toolchain,
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.toolchain())
    }
}

/// A component that is loaded once, when the first cell needs it.
pub(crate) struct Loaded {
    providers: Providers,
    component: ReferenceTool,
    provider: Mutex<Option<Provider>>,
}

impl Loaded {
    pub(crate) fn new(providers: &Providers, component: ReferenceTool) -> Self {
        Self {
            providers: providers.clone(),
            component,
            provider: Mutex::new(None),
        }
    }

    fn get(&self) -> Result<Provider> {
        let mut provider = self.provider.lock().unwrap_or_else(PoisonError::into_inner);
        if provider.is_none() {
            let ReferenceTool::Here(component) = &self.component else {
                bail!("it was not built: {:?}", self.component);
            };
            *provider = Some(cached_code::provider(
                &self.providers,
                component,
                &Grants::new(),
            )?);
        }
        provider.clone().context("the provider was not loaded")
    }
}

/// A running backend, and the middleware before it.
pub(crate) struct Backend {
    end: End,
    middleware: Option<Arc<ComponentBackend>>,
}

enum End {
    Host(Arc<PrometheusMetrics>),
    Component(Arc<ComponentBackend>),
}

impl Backend {
    pub(crate) fn start(route: &Route, destination: &Destination) -> Result<Self> {
        let end = match destination {
            Destination::Prometheus => End::Host(Arc::default()),
            Destination::Provider(example, loaded) => {
                let ReferenceTool::Here(component) = example.component() else {
                    bail!("it was not built");
                };
                example.is_of_today(&component)?;
                End::Component(started(loaded, None)?)
            }
        };
        let middleware = match route {
            Route::Direct => None,
            Route::ThroughMiddleware(loaded) => Some(started(loaded, Some(end.handle()))?),
        };
        Ok(Self { end, middleware })
    }

    /// The handle that takes the records.
    pub(crate) fn handle(&self) -> MetricsHandle {
        match &self.middleware {
            Some(middleware) => middleware.clone(),
            None => self.end.handle(),
        }
    }

    /// The final exposition, after exactly `records` records have passed each component.
    pub(crate) fn exposed_at_the_end(self, records: u64, tokio: &Runtime) -> Result<String> {
        if let Some(middleware) = self.middleware {
            let status = stopped(&middleware, records)?;
            let forwarded = status.forwarded.context("nothing forwarded")?;
            ensure!(
                forwarded.accepted() == records && forwarded.delivered() == records,
                "{status:?}"
            );
        }
        match self.end {
            End::Host(prometheus) => Ok(prometheus.encode(ExpositionFormat::OpenMetrics)?),
            End::Component(backend) => {
                let exposed = tokio.block_on(backend.expose())?;
                stopped(&backend, records)?;
                Ok(exposed)
            }
        }
    }
}

impl End {
    fn handle(&self) -> MetricsHandle {
        match self {
            Self::Host(prometheus) => prometheus.clone(),
            Self::Component(backend) => backend.clone(),
        }
    }
}

fn started(loaded: &Loaded, next: Option<MetricsHandle>) -> Result<Arc<ComponentBackend>> {
    let mut options = BackendOptions::default();
    options.deadline = GUARD;
    options.next = next;
    Ok(Arc::new(ComponentBackend::start(&loaded.get()?, options)?))
}

fn stopped(backend: &ComponentBackend, records: u64) -> Result<BackendStatus> {
    backend.stop_blocking(GUARD);
    let status = backend.status();
    ensure!(
        status.state == BackendState::Stopped && status.failures == 0,
        "{status:?}"
    );
    let ledger = &status.ledger;
    ensure!(
        ledger.accepted() == records && ledger.delivered() == records,
        "{records} records: {status:?}"
    );
    Ok(status)
}
