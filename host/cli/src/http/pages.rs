use std::sync::Arc;

use hyper::StatusCode;
use solti_metrics::{Exposition, PrometheusMetrics};

use super::{Accept, Answering, Page, Route, Site};
use crate::component::Component;

/// What there is to be read of one run.
pub(crate) struct Pages {
    metrics: Arc<PrometheusMetrics>,
    components: Vec<Arc<Component>>,
}

impl Pages {
    pub(crate) fn new(metrics: Arc<PrometheusMetrics>, components: Vec<Arc<Component>>) -> Self {
        Self {
            metrics,
            components,
        }
    }

    /// What this host itself has to tell.
    fn own(&self, exposition: Exposition) -> Page {
        match self.metrics.encode(exposition) {
            Ok(text) => Page::new(exposition.content_type(), text),
            Err(error) => Page::text(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
        }
    }

    /// What a component has to tell.
    async fn of_component(&self, name: &str) -> Page {
        let Some(component) = self.component(name) else {
            return Page::text(StatusCode::NOT_FOUND, "it exposes nothing any more\n");
        };
        match component.backend.expose().await {
            Ok(text) => Page::new(Exposition::OpenMetrics.content_type(), text),
            Err(error) => Page::text(StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")),
        }
    }

    fn component(&self, name: &str) -> Option<&Component> {
        self.exposing().find(|component| *component.name == *name)
    }

    fn exposing(&self) -> impl Iterator<Item = &Component> {
        let components = self.components.iter().map(|component| &**component);
        components.filter(|component| component.status().siblings.exposition)
    }
}

impl Site for Pages {
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
                Route::Metrics => self.own(accept.exposition),
                Route::BackendMetrics(name) => self.of_component(name).await,
                _ => Page::text(StatusCode::OK, "ok\n"),
            }
        })
    }

    fn exposed(&self) -> Vec<String> {
        self.exposing().map(|it| it.name.to_string()).collect()
    }
}
