//! Renders a page once for all clients that request it at about the same time.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use hyper::StatusCode;
use parking_lot::Mutex;
use solti_metrics::ExpositionFormat;
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio::time::{sleep_until, timeout};

use super::gzip::gzip;
use super::page_memory::PageMemory;
use super::rendered_page::RenderedPage;
use super::{Accept, HttpLimits, Page, Route, Site};

/// Pages that are rendered once for all clients that request them at about the same time.
///
/// The data of an answer was read at most [`HttpLimits::shared`] before its request, and
/// after the last change of the site. A request during the rendering of a page gets that
/// page if its data is recent enough, and otherwise the next page. At most one page of
/// each path and format is rendered at a time. A page is compressed once, from the same
/// bytes that clients without gzip get.
pub(super) struct PageCache {
    site: Arc<dyn Site>,
    limits: HttpLimits,
    memory: Arc<PageMemory>,
    renders: Semaphore,
    components: Semaphore,
    entries: Mutex<CacheEntries>,
}

type CacheEntries = HashMap<PageKey, CacheEntry>;

/// Key of a shared page: its path and its format.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct PageKey {
    path: Cow<'static, str>,
    exposition: Option<ExpositionFormat>,
    gzip: bool,
}

impl PageKey {
    fn new(route: Route<'_>, accept: Accept) -> Self {
        Self {
            path: route.path(),
            exposition: route.is_exposition().then_some(accept.exposition),
            gzip: accept.gzip,
        }
    }

    /// Key of the same page without compression.
    fn uncompressed(&self) -> Self {
        Self {
            gzip: false,
            ..self.clone()
        }
    }

    /// Formats of the page, for the site: a site does not compress.
    fn accept(&self) -> Accept {
        Accept {
            exposition: self.exposition.unwrap_or(ExpositionFormat::Text),
            gzip: false,
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

type PageSender = watch::Sender<Option<Arc<RenderedPage>>>;

/// The shared page of a request.
enum Shared {
    /// The page is complete.
    Made(Arc<RenderedPage>),
    /// The page is being rendered, for this request, too.
    Now(CacheEntry),
    /// A page is being rendered that is too old for this request. The next page is
    /// rendered after it.
    Late(CacheEntry),
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
            let shared = self.share(&mut self.entries.lock(), &key, edition);
            match shared {
                Shared::Made(page) => return Some(page),
                Shared::Now(entry) => return entry.made().await,
                Shared::Late(entry) => drop(entry.made().await),
            }
        }
    }

    /// The shared page, which is rendered if there is none that a request that comes now
    /// may get.
    fn share(self: &Arc<Self>, entries: &mut CacheEntries, key: &PageKey, edition: u64) -> Shared {
        if let Some(entry) = entries.get(key) {
            let is_for_us = entry.is_for(edition, &self.limits);
            if is_for_us && let Some(made) = &*entry.made.borrow() {
                return Shared::Made(Arc::clone(made));
            }
            if entry.is_rendering() {
                return match is_for_us {
                    true => Shared::Now(entry.clone()),
                    false => Shared::Late(entry.clone()),
                };
            }
        }
        let uncompressed = match key.gzip {
            true => match self.share(entries, &key.uncompressed(), edition) {
                Shared::Late(entry) => return Shared::Late(entry),
                // An entry that is made is in the table.
                Shared::Made(_) => entries.get(&key.uncompressed()).cloned(),
                Shared::Now(entry) => Some(entry),
            },
            false => None,
        };
        let (sender, made) = watch::channel(None);
        let entry = CacheEntry {
            edition,
            // The data of a compressed page is as old as that of its source.
            read: uncompressed
                .as_ref()
                .map_or_else(Arc::default, |it| Arc::clone(&it.read)),
            made,
        };
        entries.insert(key.clone(), entry.clone());
        let (this, key, read) = (Arc::clone(self), key.clone(), Arc::clone(&entry.read));
        // A separate task continues if clients disconnect.
        match uncompressed {
            Some(page) => tokio::spawn(this.compress(key, page, sender)),
            None => tokio::spawn(this.make(key, read, sender)),
        };
        Shared::Now(entry)
    }

    async fn make(self: Arc<Self>, key: PageKey, read: Arc<OnceLock<Instant>>, sender: PageSender) {
        let turn = self.turn(&key).await;
        let read = *read.get_or_init(Instant::now);
        let made = self.render(&key).await;
        drop(turn);
        self.hand_out(&key, read, Arc::new(made), sender).await;
    }

    /// Compresses a page, when it is rendered. If its rendering panics, this page has no
    /// content either.
    async fn compress(self: Arc<Self>, key: PageKey, page: CacheEntry, sender: PageSender) {
        let read = Arc::clone(&page.read);
        let Some(page) = page.made().await else {
            return;
        };
        let turn = self.turn(&key).await;
        let made = self.gzipped(page).await;
        drop(turn);
        let read = *read.get_or_init(Instant::now);
        self.hand_out(&key, read, made, sender).await;
    }

    /// Sends a page to the requests that wait, and shares it until its data is too old.
    async fn hand_out(
        &self,
        key: &PageKey,
        read: Instant,
        made: Arc<RenderedPage>,
        sender: PageSender,
    ) {
        if made.status == StatusCode::OK {
            sender.send_replace(Some(made));
            sleep_until((read + self.limits.shared).into()).await;
            self.forget(key, &sender);
        } else {
            // An error is sent only to the requests that already wait.
            self.forget(key, &sender);
            sender.send_replace(Some(made));
        }
    }

    /// The right to render. The semaphores are never closed.
    async fn turn(&self, key: &PageKey) -> Option<SemaphorePermit<'_>> {
        let turns = match Route::of(&key.path) {
            Some(Route::BackendMetrics(_)) => &self.components,
            _ => &self.renders,
        };
        turns.acquire().await.ok()
    }

    /// Stops sharing a page, unless a newer page is already shared.
    fn forget(&self, key: &PageKey, sender: &PageSender) {
        let mut entries = self.entries.lock();
        let cached = entries.get(key);
        if cached.is_some_and(|it| it.made.same_channel(&sender.subscribe())) {
            entries.remove(key);
        }
    }

    async fn render(&self, key: &PageKey) -> RenderedPage {
        let Some(route) = Route::of(&key.path) else {
            return Page::text(StatusCode::NOT_FOUND, "the page does not exist any more\n").into();
        };
        let answer = self.site.answer(route, key.accept());
        let Ok(page) = timeout(self.limits.answer, answer).await else {
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
        let page = RenderedPage::from(page);
        let held = self.memory.keep(page.body()).await;
        page.holding(held)
    }

    /// The compressed page, or the same page if it is an error or is small.
    async fn gzipped(&self, page: Arc<RenderedPage>) -> Arc<RenderedPage> {
        if page.status != StatusCode::OK {
            return page;
        }
        let body = page.body();
        let Some(bytes) = gzip(&body).await else {
            return page;
        };
        let made = page.gzipped();
        // The wait for memory does not keep the uncompressed body.
        drop((body, page));
        let held = self.memory.keep(bytes).await;
        Arc::new(made.holding(held))
    }
}
