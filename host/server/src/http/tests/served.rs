//! A server with pages for tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use anyhow::{Context, Result};
use hyper::body::Bytes;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::yield_now;
use tokio::time::timeout;

use super::client::GUARD;
use crate::http::{Accept, Answering, Hits, HttpAccess, HttpLimits, HttpServer, Page, Route, Site};

/// Larger than all buffers between the server and a client that does not read.
pub(super) const HUGE: usize = 48 << 20;

pub(super) const TASKS: &str = "some tasks\n";

/// A site with known pages.
#[derive(Debug)]
pub(super) struct Shelf {
    pub(super) metrics: String,
    huge: Bytes,
    /// `/api/backends` waits for a permit of this semaphore.
    pub(super) gate: Semaphore,
    /// Number of pages that wait for a permit, and its maximum.
    pub(super) inside: AtomicUsize,
    pub(super) most: AtomicUsize,
    /// Number of rendered pages.
    pub(super) made: AtomicUsize,
    pub(super) edition: AtomicU64,
}

impl Shelf {
    async fn behind_the_gate(&self) -> Page {
        let inside = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(inside, Ordering::SeqCst);
        let permit = self.gate.acquire().await;
        // A permit is valid for one page.
        permit.into_iter().for_each(SemaphorePermit::forget);
        self.inside.fetch_sub(1, Ordering::SeqCst);
        Page::new("application/json", "{}")
    }
}

impl Site for Shelf {
    fn has(&self, route: Route<'_>) -> bool {
        match route {
            Route::BackendMetrics(name) => {
                ["huge", "broken", "absent"].contains(&name) || name.starts_with("gated")
            }
            _ => true,
        }
    }

    fn answer<'a>(&'a self, route: Route<'a>, accept: Accept) -> Answering<'a> {
        Box::pin(async move {
            self.made.fetch_add(1, Ordering::SeqCst);
            match route {
                Route::Metrics => Page::new(accept.exposition.content_type(), self.metrics.clone()),
                Route::Tasks => Page::new("application/json", TASKS),
                Route::Backends => self.behind_the_gate().await,
                Route::BackendMetrics(name) if name.starts_with("gated") => {
                    self.behind_the_gate().await
                }
                Route::BackendMetrics("absent") => {
                    Page::text(hyper::StatusCode::SERVICE_UNAVAILABLE, "not now\n")
                }
                Route::BackendMetrics("huge") => Page::new("text/plain", self.huge.clone()),
                #[allow(clippy::panic, reason = "that is what is tested")]
                Route::BackendMetrics(name) => panic!("the page of {name} cannot be made"),
                _ => Page::text(hyper::StatusCode::OK, "ok\n"),
            }
        })
    }

    fn exposed(&self) -> Vec<String> {
        vec!["huge".into(), "broken".into()]
    }

    fn edition(&self) -> u64 {
        self.edition.load(Ordering::SeqCst)
    }
}

pub(super) struct Served {
    pub(super) server: HttpServer,
    pub(super) shelf: Arc<Shelf>,
    pub(super) hits: Arc<Hits>,
}

impl Served {
    pub(super) async fn start(limits: HttpLimits) -> Result<Self> {
        Self::with(limits, HttpAccess::default()).await
    }

    pub(super) async fn with(limits: HttpLimits, access: HttpAccess) -> Result<Self> {
        let lines = (0..500).map(|number| format!("solti_{number} {number}\n"));
        let shelf = Arc::new(Shelf {
            metrics: lines.collect(),
            huge: vec![b'x'; HUGE].into(),
            gate: Semaphore::new(0),
            inside: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            made: AtomicUsize::new(0),
            edition: AtomicU64::new(0),
        });
        let (site, hits) = (Arc::clone(&shelf), Arc::new(Hits::default()));
        let address = "127.0.0.1:0".parse()?;
        let server = HttpServer::start(address, site, access, limits, Arc::clone(&hits)).await?;
        Ok(Self {
            server,
            shelf,
            hits,
        })
    }
}

/// Waits until the condition holds.
pub(super) async fn until(what: &str, is: impl Fn() -> bool) -> Result<()> {
    let looking = async {
        while !is() {
            yield_now().await;
        }
    };
    timeout(GUARD, looking)
        .await
        .with_context(|| what.to_owned())
}
