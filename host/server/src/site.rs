//! The pages of a running server.

use std::sync::Arc;

use hyper::StatusCode;
use serde::Serialize;

use crate::api::{BackendsAnswer, TasksAnswer};
use crate::component::Component;
use crate::http::{Accept, Answering, Page, Route, Site};
use crate::live::Live;

/// What there is to be read of a runner that serves.
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
        let members = self.0.receivers.members();
        let components = members.iter().filter_map(|member| member.component());
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
                Route::Metrics => Page::of(&self.0.scraped, accept.exposition),
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

    /// Whoever has it read its configuration again looks at what came of it.
    fn edition(&self) -> u64 {
        let reloads = self.0.reloads();
        reloads.applied + reloads.failed
    }
}

/// The status page, which holds no data: it reads what is at the other addresses.
fn status_page() -> Page {
    let mut page = Page::new("text/html; charset=utf-8", include_str!("http/page.html"));
    // It names its script and its style itself, by hash; that it is not to be framed
    // only a header can say.
    page.policy = "frame-ancestors 'none'";
    page
}

fn json(answer: &impl Serialize) -> Page {
    match serde_json::to_vec(answer) {
        Ok(text) => Page::new("application/json", text),
        Err(error) => Page::text(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
    }
}
