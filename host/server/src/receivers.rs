//! Who receives the records, and how another configuration changes that.
//!
//! ```text
//! guests, runner ──▶ first ──▶ middleware ──▶ … ──▶ last ──▶ what is scraped
//!                    switch      switch            switch     └▶ each backend
//! ```
//!
//! Between all of them are switches, so that whoever stays goes on while others come
//! and go, and no record is lost in between. Those who go hand on what they have, while
//! the reload and others go on (`leaving.rs`); what they have counted stays
//! (`ledgers.rs`).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use solti_metrics::{MetricsHandle, PrometheusMetrics, ReplaceableMetrics};
use solti_metrics_host::provider::Providers;
use tokio::task::spawn_blocking;

use crate::component::{Component, Wanted};
use crate::config::{Backend, Configuration, Middleware, Name};
use crate::error::Error;
use crate::exported::Exported;
use crate::exporter::Exporter;
use crate::leaving::{Gone, Leaving, stop};
use crate::ledgers::Ledgers;
use crate::member::Member;
use crate::not_applied::{NotApplied, Remains};
use crate::notices::Notices;
use crate::reading::Reads;
use crate::together::together;

/// Who receives the records.
pub(crate) struct Receivers {
    first: Arc<ReplaceableMetrics>,
    last: Arc<ReplaceableMetrics>,
    scraped: Arc<PrometheusMetrics>,
    /// Those of the program that this is a part of.
    native: Vec<MetricsHandle>,
    exported: Exported,
    providers: Providers,
    reads: Reads,
    notices: Arc<dyn Notices>,
    drain_timeout: Duration,
    /// Nobody waits while it is held.
    members: Mutex<Members>,
    ledgers: Ledgers,
    leaving: Arc<Leaving>,
}

#[derive(Default, Clone)]
struct Members {
    /// In the order in which records pass them, each with what is behind it.
    middlewares: Vec<(Member, Arc<ReplaceableMetrics>)>,
    backends: BTreeMap<String, Member>,
}

impl Members {
    /// Takes over who had this name before, with the role that it had, if there is one.
    fn keep(&mut self, name: &str, before: &Self) -> Remains {
        if let Some(backend) = before.backends.get(name) {
            self.backends.insert(name.into(), backend.clone());
            return Remains::AsItWas;
        }
        let mut middlewares = before.middlewares.iter();
        let middleware = middlewares.find(|(old, _)| *old.name == *name);
        self.middlewares.extend(middleware.cloned());
        match middleware {
            Some(_) => Remains::AsItWas,
            None => Remains::StartFailed,
        }
    }

    /// Moves middlewares that have none of these names to the places that they had: those
    /// that were taken over because of something else of their name.
    fn in_their_places(&mut self, wanted: &[Middleware], before: &Self) {
        let is_other = |(member, _): &mut (Member, _)| {
            !wanted.iter().any(|wanted| *wanted.name.0 == *member.name)
        };
        let others: Vec<_> = self.middlewares.extract_if(.., is_other).collect();
        for (place, (old, _)) in before.middlewares.iter().enumerate() {
            let other = others.iter().find(|(other, _)| other.is_same(old));
            if let Some(other) = other {
                let place = place.min(self.middlewares.len());
                self.middlewares.insert(place, other.clone());
            }
        }
    }

    fn all(&self) -> impl Iterator<Item = &Member> {
        let middlewares = self.middlewares.iter().map(|(member, _)| member);
        middlewares.chain(self.backends.values())
    }
}

impl Receivers {
    pub(super) fn new(
        scraped: Arc<PrometheusMetrics>,
        native: Vec<MetricsHandle>,
        exported: Exported,
        providers: Providers,
        reads: Reads,
        notices: Arc<dyn Notices>,
        drain_timeout: Duration,
    ) -> Self {
        let last = Arc::new(ReplaceableMetrics::new(last(&scraped, &native, None)));
        let ledgers = Ledgers::default();
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
            members: Mutex::default(),
            leaving: Arc::new(Leaving::new(ledgers.clone(), exported.clone())),
            exported,
            ledgers,
        }
    }

    /// Where records go.
    pub(super) fn handle(&self) -> MetricsHandle {
        Arc::clone(&self.first) as MetricsHandle
    }

    /// All of them, in the order in which records pass them.
    pub(crate) fn members(&self) -> Vec<Member> {
        self.members.lock().all().cloned().collect()
    }

    /// What became of the records of all of them, and of those who are gone.
    pub(crate) fn ledgers(&self) -> &Ledgers {
        &self.ledgers
    }

    /// Starts who is new, stops who is gone, and exchanges who has changed. Who cannot
    /// be started leaves what had its name as it was, with the role that it had; those
    /// errors are returned. Who is gone may still hand on what it has when this returns.
    pub(super) async fn apply(&self, source: &Configuration) -> Vec<NotApplied> {
        self.leaving.room().await;
        let before = self.members.lock().clone();
        let mut errors = Vec::new();
        let mut after = Members::default();
        for (Name(name), backend) in &source.config.backends {
            let old = before.backends.get(name);
            let made = self.backend(source, name, backend, old).await;
            match made.map_err(|error| error.of_backend(name)) {
                Ok(member) => drop(after.backends.insert(name.clone(), member)),
                Err(error) => {
                    let remains = after.keep(name, &before);
                    errors.push(NotApplied::new(error, remains));
                }
            }
        }
        for middleware in &source.config.middlewares {
            let wanted = Wanted::middleware(source, middleware);
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
        after.in_their_places(&source.config.middlewares, &before);
        // From here on nothing is waited for, so that nobody is forgotten if this is
        // given up.
        for new in only_in(&after, &before) {
            self.ledgers.enter(&new);
            if let Some(component) = new.component() {
                self.exported.backend(component);
            }
        }
        self.connect(&after);
        let gone = gone(&before, &after);
        *self.members.lock() = after;
        self.leaving.start(gone, self.drain_timeout);
        errors
    }

    async fn backend(
        &self,
        source: &Configuration,
        name: &str,
        backend: &Backend,
        old: Option<&Member>,
    ) -> Result<Member, Error> {
        if let Some(wanted) = Wanted::backend(source, name, backend) {
            return self.component(wanted, old, None).await;
        }
        if let Some(old) = old.filter(|old| old.is_exporter_of(backend)) {
            return Ok(old.clone());
        }
        // Files are read.
        let otlp = backend.otlp.as_ref();
        let file = otlp.and_then(|otlp| otlp.ca.as_ref());
        let file = file.map_or_else(|| name.into(), |file| source.path(file));
        let (shown, source, wanted) = (name.to_owned(), source.clone(), backend.clone());
        let build = move || Exporter::new(&shown, &source, &wanted);
        let exporter = self.reads.in_time(&file, build).await??;
        Ok(Member::exporter(name, exporter, backend))
    }

    async fn middleware(
        &self,
        wanted: Wanted,
        old: Option<&(Member, Arc<ReplaceableMetrics>)>,
    ) -> Result<(Member, Arc<ReplaceableMetrics>), Error> {
        let behind = match old {
            Some((_, behind)) => Arc::clone(behind),
            None => Arc::new(ReplaceableMetrics::new(
                Arc::clone(&self.last) as MetricsHandle
            )),
        };
        let old = old.map(|(member, _)| member);
        let next = Arc::clone(&behind) as MetricsHandle;
        Ok((self.component(wanted, old, Some(next)).await?, behind))
    }

    /// The same one if nothing has changed; the same one with another instance, if what
    /// it may use has not; else another one.
    async fn component(
        &self,
        wanted: Wanted,
        old: Option<&Member>,
        next: Option<MetricsHandle>,
    ) -> Result<Member, Error> {
        let digest = self.digest(&wanted).await?;
        match old.and_then(|old| Some((old, old.component()?))) {
            Some((old, _)) if old.is_component_of(&wanted, &digest) => return Ok(old.clone()),
            Some((old, component)) if old.has_options(&wanted) => {
                if component.replace(wanted.part.clone()).await? {
                    tracing::info!(
                        backend = wanted.name,
                        "backend replaced by what its file is now"
                    );
                    return Ok(Member::component_of(Arc::clone(component), wanted, digest));
                }
                tracing::warn!(
                    backend = wanted.name,
                    "backend is busy: another one is started, and it is drained beside that"
                );
            }
            _ => {}
        }
        let providers = self.providers.clone();
        let drain_timeout = self.drain_timeout;
        let notices = Arc::clone(&self.notices);
        let start = move || {
            let component = Component::start(&providers, &wanted, next, drain_timeout, &notices)?;
            Ok(Member::component_of(Arc::new(component), wanted, digest))
        };
        spawn_blocking(start)
            .await
            .map_err(Error::given_up("loading"))?
    }

    async fn digest(&self, wanted: &Wanted) -> Result<blake3::Hash, Error> {
        let (providers, file) = (self.providers.clone(), wanted.part.file.clone());
        let read = {
            let file = file.clone();
            move || Ok(blake3::hash(&providers.read(&file)?))
        };
        self.reads.in_time(&file, read).await?
    }

    /// Lets records go this way from here on.
    fn connect(&self, members: &Members) {
        let backends = members.backends.values().map(Member::handle);
        self.last
            .replace(last(&self.scraped, &self.native, backends));
        let mut next = Arc::clone(&self.last) as MetricsHandle;
        for (member, behind) in members.middlewares.iter().rev() {
            behind.replace(next);
            next = member.handle();
        }
        self.first.replace(next);
    }

    /// Takes no more records, and lets everybody hand on what waits.
    pub(super) async fn stop(&self) {
        let mut members = self.members();
        members.extend(self.leaving.members());
        stop(&members, self.drain_timeout).await;
    }
}

/// Who receives what comes behind all middlewares.
fn last(
    scraped: &Arc<PrometheusMetrics>,
    native: &[MetricsHandle],
    backends: impl IntoIterator<Item = MetricsHandle>,
) -> MetricsHandle {
    let scraped = Arc::clone(scraped) as MetricsHandle;
    let all = [scraped].into_iter().chain(native.iter().cloned());
    together(all.chain(backends).collect())
}

/// Who is in the one and not in the other, in the order in which records pass them.
fn only_in(one: &Members, other: &Members) -> Vec<Member> {
    let in_other = |member: &&Member| !other.all().any(|other| other.is_same(member));
    one.all().filter(in_other).cloned().collect()
}

/// Who is not there any more, in the same order.
fn gone(before: &Members, after: &Members) -> Vec<Gone> {
    let behind = |gone: &Member| {
        let mut middlewares = before.middlewares.iter();
        let found = middlewares.find(|(middleware, _)| middleware.is_same(gone));
        found.map(|(_, behind)| Arc::clone(behind))
    };
    let gone = only_in(before, after).into_iter();
    gone.map(|member| Gone {
        behind: behind(&member),
        member,
    })
    .collect()
}
