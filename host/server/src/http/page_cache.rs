//! Renders a page once for all clients that ask at about the same time.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use hyper::StatusCode;
use hyper::body::Bytes;
use parking_lot::Mutex;
use solti_metrics::Exposition;
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep_until, timeout};

use super::gzip::gzip;
use super::held::Kept;
use super::room::Room;
use super::{Accept, Limits, Page, Route, Site};

/// Pages that are made once for all who ask at about the same time.
///
/// No answer has data that was read longer than [`Limits::shared`] before its request,
/// or before the last change of the site. Who asks while a page is being made gets that
/// one if it is young enough, and otherwise the next one: there is never more than one
/// of a kind in the making.
pub(super) struct PageCache {
    site: Arc<dyn Site>,
    limits: Limits,
    room: Arc<Room>,
    renders: Semaphore,
    components: Semaphore,
    entries: Mutex<HashMap<Kind, Entry>>,
}

/// A page as it is sent.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) page: Page,
    pub(super) gzipped: bool,
    /// Its body, if that takes room; then the page has none.
    pub(super) kept: Option<Kept>,
}

impl Made {
    pub(super) fn body(&self) -> Bytes {
        let kept = self.kept.as_ref();
        kept.map_or(&self.page.body, |kept| &kept.bytes).clone()
    }
}

/// What is shared: a page, and how it is written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Kind {
    path: String,
    exposition: Option<Exposition>,
    gzip: bool,
}

impl Kind {
    fn new(route: Route<'_>, accept: Accept) -> Self {
        Self {
            path: route.path().into_owned(),
            exposition: route.is_exposition().then_some(accept.exposition),
            gzip: accept.gzip,
        }
    }
}

/// A page in the making, or made.
#[derive(Debug, Clone)]
struct Entry {
    edition: u64,
    /// When its data was read; not set before that.
    read: Arc<OnceLock<Instant>>,
    made: watch::Receiver<Option<Arc<Made>>>,
}

impl Entry {
    /// Whether somebody who asks now may have it.
    fn is_for(&self, edition: u64, limits: &Limits) -> bool {
        let read = self.read.get();
        self.edition == edition && read.is_none_or(|read| read.elapsed() < limits.shared)
    }

    fn is_in_the_making(&self) -> bool {
        self.made.borrow().is_none() && self.made.has_changed().is_ok()
    }

    /// `None` if making it panicked, which was said where panics are said.
    async fn made(mut self) -> Option<Arc<Made>> {
        let made = self.made.wait_for(Option::is_some).await.ok()?;
        made.clone()
    }
}

impl PageCache {
    pub(super) fn new(site: Arc<dyn Site>, limits: &Limits, room: Arc<Room>) -> Arc<Self> {
        Arc::new(Self {
            site,
            room,
            renders: Semaphore::new(limits.renders),
            components: Semaphore::new(limits.renders),
            limits: limits.clone(),
            entries: Mutex::default(),
        })
    }

    /// The page at a route that the site has.
    pub(super) async fn page(
        self: &Arc<Self>,
        route: Route<'_>,
        accept: Accept,
    ) -> Option<Arc<Made>> {
        let kind = Kind::new(route, accept);
        loop {
            let edition = self.site.edition();
            let (entry, is_for_us) = self.share(&kind, accept, edition);
            let made = entry.made().await;
            if is_for_us {
                return made;
            }
        }
    }

    /// What is shared now, and whether it is for somebody who asks now.
    fn share(self: &Arc<Self>, kind: &Kind, accept: Accept, edition: u64) -> (Entry, bool) {
        let mut entries = self.entries.lock();
        if let Some(entry) = entries.get(kind) {
            let is_for_us = entry.is_for(edition, &self.limits);
            let in_the_making = entry.is_in_the_making();
            let is_made = entry.made.borrow().is_some();
            if in_the_making || (is_for_us && is_made) {
                return (entry.clone(), is_for_us);
            }
        }
        let (sender, made) = watch::channel(None);
        let entry = Entry {
            edition,
            read: Arc::default(),
            made,
        };
        entries.insert(kind.clone(), entry.clone());
        let (this, kind, read) = (Arc::clone(self), kind.clone(), Arc::clone(&entry.read));
        // In a task of its own, which goes on if clients go away.
        tokio::spawn(this.make(kind, accept, read, sender));
        (entry, true)
    }

    async fn make(
        self: Arc<Self>,
        kind: Kind,
        accept: Accept,
        read: Arc<OnceLock<Instant>>,
        sender: watch::Sender<Option<Arc<Made>>>,
    ) {
        let turns = match Route::of(&kind.path) {
            Some(Route::BackendMetrics(_)) => &self.components,
            _ => &self.renders,
        };
        // It is never closed.
        let turn = turns.acquire().await.ok();
        let read = *read.get_or_init(Instant::now);
        let made = self.render(&kind, accept).await;
        drop(turn);
        if made.page.status == StatusCode::OK {
            sender.send_replace(Some(Arc::new(made)));
            sleep_until((read + self.limits.shared).into()).await;
            self.forget(&kind, &sender);
        } else {
            // An error is for those who have asked until now.
            self.forget(&kind, &sender);
            sender.send_replace(Some(Arc::new(made)));
        }
    }

    /// Shares a page no longer, unless another one is shared already.
    fn forget(&self, kind: &Kind, sender: &watch::Sender<Option<Arc<Made>>>) {
        let mut entries = self.entries.lock();
        let cached = entries.get(kind);
        if cached.is_some_and(|it| it.made.same_channel(&sender.subscribe())) {
            entries.remove(kind);
        }
    }

    async fn render(&self, kind: &Kind, accept: Accept) -> Made {
        let Some(route) = Route::of(&kind.path) else {
            return Page::text(StatusCode::NOT_FOUND, "it is gone\n").into();
        };
        let answer = self.site.answer(route, accept);
        let Ok(mut page) = timeout(self.limits.answer, answer).await else {
            return Page::text(
                StatusCode::SERVICE_UNAVAILABLE,
                "making this page took too long\n",
            )
            .into();
        };
        let (size, most) = (page.body.len(), self.room.largest());
        if size > most {
            let text = format!("this page has {size} bytes, and a page has at most {most}\n");
            return Page::text(StatusCode::INTERNAL_SERVER_ERROR, text).into();
        }
        let gzipped = match kind.gzip {
            true => gzip(&page.body).await,
            false => None,
        };
        let is_gzipped = gzipped.is_some();
        // What is not sent is not kept while there is no room.
        let plain = std::mem::take(&mut page.body);
        let kept = self.room.keep(gzipped.unwrap_or(plain)).await;
        Made {
            page,
            gzipped: is_gzipped,
            kept: Some(kept),
        }
    }
}

impl From<Page> for Made {
    fn from(page: Page) -> Self {
        Self {
            page,
            gzipped: false,
            kept: None,
        }
    }
}
