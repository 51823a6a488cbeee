//! Renders a page once for all clients that request it at about the same time.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use hyper::StatusCode;
use hyper::body::Bytes;
use parking_lot::Mutex;
use solti_metrics::ExpositionFormat;
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep_until, timeout};

use super::gzip::gzip;
use super::held_pages::HeldPage;
use super::page_memory::PageMemory;
use super::{Accept, HttpLimits, Page, Route, Site};

/// Pages that are rendered once for all clients that request them at about the same time.
///
/// The data of an answer was read at most [`HttpLimits::shared`] before its request, and
/// after the last change of the site. A request during the rendering of a page gets that
/// page if its data is recent enough, and otherwise the next page. At most one page of
/// each key is rendered at a time.
pub(super) struct PageCache {
    site: Arc<dyn Site>,
    limits: HttpLimits,
    memory: Arc<PageMemory>,
    renders: Semaphore,
    components: Semaphore,
    entries: Mutex<HashMap<PageKey, CacheEntry>>,
}

/// A page as it is sent.
#[derive(Debug)]
pub(super) struct RenderedPage {
    pub(super) page: Page,
    pub(super) gzipped: bool,
    /// The body, if it is counted in the memory of pages; the page then has no body.
    pub(super) held: Option<HeldPage>,
}

impl RenderedPage {
    pub(super) fn body(&self) -> Bytes {
        let held = self.held.as_ref();
        held.map_or(&self.page.body, |held| &held.bytes).clone()
    }
}

/// Key of a shared page: its path and its format.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct PageKey {
    path: String,
    exposition: Option<ExpositionFormat>,
    gzip: bool,
}

impl PageKey {
    fn new(route: Route<'_>, accept: Accept) -> Self {
        Self {
            path: route.path().into_owned(),
            exposition: route.is_exposition().then_some(accept.exposition),
            gzip: accept.gzip,
        }
    }
}

/// A page that is being rendered, or is complete.
#[derive(Debug, Clone)]
struct CacheEntry {
    edition: u64,
    /// Time at which the data was read; unset before that.
    read: Arc<OnceLock<Instant>>,
    made: watch::Receiver<Option<Arc<RenderedPage>>>,
}

impl CacheEntry {
    /// Whether a request that comes now may get this page.
    fn is_for(&self, edition: u64, limits: &HttpLimits) -> bool {
        let read = self.read.get();
        self.edition == edition && read.is_none_or(|read| read.elapsed() < limits.shared)
    }

    fn is_rendering(&self) -> bool {
        self.made.borrow().is_none() && self.made.has_changed().is_ok()
    }

    /// `None` if the rendering panicked.
    async fn made(mut self) -> Option<Arc<RenderedPage>> {
        let made = self.made.wait_for(Option::is_some).await.ok()?;
        made.clone()
    }
}

impl PageCache {
    pub(super) fn new(
        site: Arc<dyn Site>,
        limits: &HttpLimits,
        memory: Arc<PageMemory>,
    ) -> Arc<Self> {
        Arc::new(Self {
            site,
            memory,
            renders: Semaphore::new(limits.renders),
            components: Semaphore::new(limits.renders),
            limits: limits.clone(),
            entries: Mutex::default(),
        })
    }

    /// The page at a route of the site.
    pub(super) async fn page(
        self: &Arc<Self>,
        route: Route<'_>,
        accept: Accept,
    ) -> Option<Arc<RenderedPage>> {
        let key = PageKey::new(route, accept);
        loop {
            let edition = self.site.edition();
            let (entry, is_for_us) = self.share(&key, accept, edition);
            let made = entry.made().await;
            if is_for_us {
                return made;
            }
        }
    }

    /// The shared page, and whether it is recent enough for a request that comes now.
    fn share(self: &Arc<Self>, key: &PageKey, accept: Accept, edition: u64) -> (CacheEntry, bool) {
        let mut entries = self.entries.lock();
        if let Some(entry) = entries.get(key) {
            let is_for_us = entry.is_for(edition, &self.limits);
            let is_rendering = entry.is_rendering();
            let is_made = entry.made.borrow().is_some();
            if is_rendering || (is_for_us && is_made) {
                return (entry.clone(), is_for_us);
            }
        }
        let (sender, made) = watch::channel(None);
        let entry = CacheEntry {
            edition,
            read: Arc::default(),
            made,
        };
        entries.insert(key.clone(), entry.clone());
        let (this, key, read) = (Arc::clone(self), key.clone(), Arc::clone(&entry.read));
        // A separate task continues if clients disconnect.
        tokio::spawn(this.make(key, accept, read, sender));
        (entry, true)
    }

    async fn make(
        self: Arc<Self>,
        key: PageKey,
        accept: Accept,
        read: Arc<OnceLock<Instant>>,
        sender: watch::Sender<Option<Arc<RenderedPage>>>,
    ) {
        let turns = match Route::of(&key.path) {
            Some(Route::BackendMetrics(_)) => &self.components,
            _ => &self.renders,
        };
        // The semaphore is never closed.
        let turn = turns.acquire().await.ok();
        let read = *read.get_or_init(Instant::now);
        let made = self.render(&key, accept).await;
        drop(turn);
        if made.page.status == StatusCode::OK {
            sender.send_replace(Some(Arc::new(made)));
            sleep_until((read + self.limits.shared).into()).await;
            self.forget(&key, &sender);
        } else {
            // An error is sent only to the requests that already wait.
            self.forget(&key, &sender);
            sender.send_replace(Some(Arc::new(made)));
        }
    }

    /// Stops sharing a page, unless a newer page is already shared.
    fn forget(&self, key: &PageKey, sender: &watch::Sender<Option<Arc<RenderedPage>>>) {
        let mut entries = self.entries.lock();
        let cached = entries.get(key);
        if cached.is_some_and(|it| it.made.same_channel(&sender.subscribe())) {
            entries.remove(key);
        }
    }

    async fn render(&self, key: &PageKey, accept: Accept) -> RenderedPage {
        let Some(route) = Route::of(&key.path) else {
            return Page::text(StatusCode::NOT_FOUND, "the page does not exist any more\n").into();
        };
        let answer = self.site.answer(route, accept);
        let Ok(mut page) = timeout(self.limits.answer, answer).await else {
            return Page::text(
                StatusCode::SERVICE_UNAVAILABLE,
                "rendering the page took too long\n",
            )
            .into();
        };
        let (size, most) = (page.body.len(), self.memory.largest());
        if size > most {
            let text = format!("the page has {size} bytes; the maximum is {most}\n");
            return Page::text(StatusCode::INTERNAL_SERVER_ERROR, text).into();
        }
        let gzipped = match key.gzip {
            true => gzip(&page.body).await,
            false => None,
        };
        let is_gzipped = gzipped.is_some();
        // The uncompressed body is dropped before the wait for memory.
        let plain = std::mem::take(&mut page.body);
        let held = self.memory.keep(gzipped.unwrap_or(plain)).await;
        RenderedPage {
            page,
            gzipped: is_gzipped,
            held: Some(held),
        }
    }
}

impl From<Page> for RenderedPage {
    fn from(page: Page) -> Self {
        Self {
            page,
            gzipped: false,
            held: None,
        }
    }
}
