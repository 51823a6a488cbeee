//! The pages of a running server.

use std::sync::Arc;

use hyper::StatusCode;
use serde::Serialize;

use crate::api::{BackendsAnswer, TasksAnswer};
use crate::collector::exposition;
use crate::component::Component;
use crate::http::{Accept, Answering, Page, Route, Site};
use crate::live::Live;

/// The pages of a running server.
pub(super) struct LiveSite(pub(super) Arc<Live>);

impl LiveSite {
    fn ready(&self) -> Page {
        match self.0.why_not_ready() {
            None => Page::text(StatusCode::OK, "ready\n"),
            Some(why) => Page::text(StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")),
        }
    }

    fn component(&self, name: &str) -> Option<Arc<Component>> {
        let mut exposing = self.exposing().into_iter();
        exposing.find(|component| *component.name == *name)
    }

    fn exposing(&self) -> Vec<Arc<Component>> {
        let running = self.0.backends.running();
        let components = running.iter().filter_map(|backend| backend.component());
        let exposing =
            components.filter(|component| component.status().optional_interfaces.exposition);
        exposing.cloned().collect()
    }
}

impl Site for LiveSite {
    fn has(&self, route: Route<'_>) -> bool {
        match route {
            Route::BackendMetrics(name) => self.component(name).is_some(),
            _ => true,
        }
    }

    fn answer<'a>(&'a self, route: Route<'a>, accept: Accept) -> Answering<'a> {
        Box::pin(async move {
            match route {
                Route::Page => status_page(),
                Route::Metrics => {
                    Page::of_exposition(exposition(&self.0, accept.exposition), accept.exposition)
                }
                Route::Healthz => Page::text(StatusCode::OK, "ok\n"),
                Route::Readyz => self.ready(),
                Route::Tasks => json(&TasksAnswer::new(&self.0)),
                Route::Backends => json(&BackendsAnswer::new(&self.0)),
                Route::BackendMetrics(name) => {
                    Page::of_component(self.component(name).as_deref(), accept.exposition).await
                }
            }
        })
    }

    fn exposed(&self) -> Vec<String> {
        self.exposing()
            .iter()
            .map(|it| it.name.to_string())
            .collect()
    }

    /// A reload changes the edition, so that the next page shows its result.
    fn edition(&self) -> u64 {
        self.0.edition()
    }
}

/// The status page, which contains no data: it reads the other pages.
fn status_page() -> Page {
    let mut page = Page::new("text/html; charset=utf-8", include_str!("http/page.html"));
    // The page itself has the hashes of its script and style. Only a header can forbid
    // framing.
    page.policy = "frame-ancestors 'none'";
    page
}

fn json(answer: &impl Serialize) -> Page {
    match serde_json::to_vec(answer) {
        Ok(text) => Page::new("application/json", text),
        Err(error) => Page::text(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
    }
}
