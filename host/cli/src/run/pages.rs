//! HTTP pages of one run.

use std::sync::Arc;

use hyper::StatusCode;
use solti_metrics::PrometheusMetrics;
use solti_metrics_server::Component;
use solti_metrics_server::http::{Accept, Answering, Page, Route, Site};

/// Pages that `--listen` serves.
pub(crate) struct RunPages {
    metrics: Arc<PrometheusMetrics>,
    components: Vec<Arc<Component>>,
}

impl RunPages {
    pub(crate) fn new(metrics: Arc<PrometheusMetrics>, components: Vec<Arc<Component>>) -> Self {
        Self {
            metrics,
            components,
        }
    }

    fn component(&self, name: &str) -> Option<&Component> {
        self.exposing().find(|component| *component.name == *name)
    }

    fn exposing(&self) -> impl Iterator<Item = &Component> {
        let components = self.components.iter().map(|component| &**component);
        components.filter(|component| component.status().optional_interfaces.exposition)
    }
}

impl Site for RunPages {
    fn has(&self, route: Route<'_>) -> bool {
        match route {
            Route::Metrics | Route::Healthz => true,
            Route::BackendMetrics(name) => self.component(name).is_some(),
            _ => false,
        }
    }

    fn answer<'a>(&'a self, route: Route<'a>, accept: Accept) -> Answering<'a> {
        Box::pin(async move {
            match route {
                Route::Metrics => Page::of(&self.metrics, accept.exposition),
                Route::BackendMetrics(name) => {
                    Page::of_component(self.component(name), accept.exposition).await
                }
                _ => Page::text(StatusCode::OK, "ok\n"),
            }
        })
    }

    fn exposed(&self) -> Vec<String> {
        self.exposing().map(|it| it.name.to_string()).collect()
    }
}
