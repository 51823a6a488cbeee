//! Who receives the records, and how another configuration changes that.
//!
//! ```text
//! guests, runner ──▶ first ──▶ middleware ──▶ … ──▶ last ──▶ what is scraped
//!                    switch      switch            switch     └▶ each backend
//! ```
//!
//! Between all of them are switches, so that whoever stays goes on while others come
//! and go, and no record is lost in between.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use parking_lot::Mutex;
use solti_metrics::{MetricsHandle, PrometheusMetrics};
use solti_metrics_host::provider::Providers;
use tokio::task::spawn_blocking;

use super::config::{Backend, Name, Source};
use super::exporter::Exporter;
use super::member::{Member, Receiver};
use crate::backend::{drain, together};
use crate::component::{Component, Wanted};
use crate::exported::Exported;
use crate::switch::Switch;

/// Who receives the records.
pub(crate) struct Receivers {
    first: Arc<Switch>,
    last: Arc<Switch>,
    scraped: Arc<PrometheusMetrics>,
    exported: Exported,
    providers: Providers,
    drain_timeout: Duration,
    /// Nobody waits while it is held.
    members: Mutex<Members>,
}

#[derive(Default, Clone)]
struct Members {
    /// In the order in which records pass them, each with what is behind it.
    middlewares: Vec<(Member, Arc<Switch>)>,
    backends: BTreeMap<String, Member>,
    /// Those that are given no more, and hand on what they have.
    leaving: Vec<Member>,
}

impl Members {
    fn all(&self) -> impl Iterator<Item = &Member> {
        let middlewares = self.middlewares.iter().map(|(member, _)| member);
        middlewares.chain(self.backends.values())
    }
}

impl Receivers {
    pub(super) fn new(
        scraped: Arc<PrometheusMetrics>,
        exported: Exported,
        providers: Providers,
        drain_timeout: Duration,
    ) -> Self {
        let last = Arc::new(Switch::new(Arc::clone(&scraped) as MetricsHandle));
        Self {
            first: Arc::new(Switch::new(Arc::clone(&last) as MetricsHandle)),
            last,
            scraped,
            exported,
            providers,
            drain_timeout,
            members: Mutex::default(),
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

    /// Starts who is new, stops who is gone, and exchanges who has changed. Who cannot
    /// be started leaves what was there as it was; those errors are returned.
    pub(super) async fn apply(&self, source: &Source) -> Vec<anyhow::Error> {
        let before = self.members.lock().clone();
        let mut errors = Vec::new();
        let mut after = Members::default();
        for (Name(name), backend) in &source.config.backends {
            let old = before.backends.get(name);
            let made = self.backend(source, name, backend, old).await;
            match made.with_context(|| format!("backend {name}")) {
                Ok(member) => drop(after.backends.insert(name.clone(), member)),
                Err(error) => {
                    errors.push(error);
                    after
                        .backends
                        .extend(old.map(|old| (name.clone(), old.clone())));
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
            match made.with_context(|| format!("middleware {}", middleware.name.0)) {
                Ok(made) => after.middlewares.push(made),
                Err(error) => {
                    errors.push(error);
                    after.middlewares.extend(old.cloned());
                }
            }
        }
        self.connect(&after);
        let gone = only_in(&before, &after);
        // Who is asked to stop meanwhile waits for them, too.
        after.leaving.clone_from(&gone);
        *self.members.lock() = after.clone();
        stop(&gone, self.drain_timeout).await;
        self.members.lock().leaving.clear();
        // Not earlier: until then, what they were sent is on its way.
        gone.iter()
            .for_each(|gone| self.exported.remove(&gone.name));
        only_in(&after, &before)
            .iter()
            .for_each(|new| self.export(new));
        errors
    }

    async fn backend(
        &self,
        source: &Source,
        name: &str,
        backend: &Backend,
        old: Option<&Member>,
    ) -> anyhow::Result<Member> {
        if let Some(wanted) = Wanted::backend(source, name, backend) {
            return self.component(wanted, old, None).await;
        }
        if let Some(old) = old.filter(|old| old.is_exporter_of(backend)) {
            return Ok(old.clone());
        }
        // Names are looked up, and files read.
        let (source, wanted) = (source.clone(), backend.clone());
        let build = move || Exporter::new(&source, &wanted);
        let exporter = spawn_blocking(build).await.context("it was given up")??;
        Ok(Member::exporter(name, exporter, backend))
    }

    async fn middleware(
        &self,
        wanted: Wanted,
        old: Option<&(Member, Arc<Switch>)>,
    ) -> anyhow::Result<(Member, Arc<Switch>)> {
        let behind = match old {
            Some((_, behind)) => Arc::clone(behind),
            None => Arc::new(Switch::new(Arc::clone(&self.last) as MetricsHandle)),
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
    ) -> anyhow::Result<Member> {
        let digest = self.digest(&wanted).await?;
        match old.and_then(|old| Some((old, old.component()?))) {
            Some((old, _)) if old.is_component_of(&wanted, &digest) => return Ok(old.clone()),
            Some((old, component)) if old.has_options(&wanted) => {
                component.replace(wanted.part.clone()).await?;
                tracing::info!(
                    backend = wanted.name,
                    "backend replaced by what its file is now"
                );
                return Ok(Member::component_of(Arc::clone(component), wanted, digest));
            }
            _ => {}
        }
        let providers = self.providers.clone();
        let start = move || {
            let component = Component::start(&providers, &wanted, next)?;
            Ok(Member::component_of(Arc::new(component), wanted, digest))
        };
        spawn_blocking(start)
            .await
            .context("loading was given up")?
    }

    async fn digest(&self, wanted: &Wanted) -> anyhow::Result<blake3::Hash> {
        let (providers, file) = (self.providers.clone(), wanted.part.file.clone());
        let read = spawn_blocking(move || Ok(blake3::hash(&providers.read(&file)?)));
        read.await.context("loading was given up")?
    }

    /// Lets records go this way from here on.
    fn connect(&self, members: &Members) {
        let scraped = Arc::clone(&self.scraped) as MetricsHandle;
        let backends = members.backends.values().map(Member::handle);
        self.last
            .set(together([scraped].into_iter().chain(backends).collect()));
        let mut next = Arc::clone(&self.last) as MetricsHandle;
        for (member, behind) in members.middlewares.iter().rev() {
            behind.set(next);
            next = member.handle();
        }
        self.first.set(next);
    }

    fn export(&self, member: &Member) {
        match &member.receiver {
            Receiver::Component(component, ..) => self.exported.add(component),
            Receiver::Exporter(exporter, _) => {
                let exporter = exporter.clone();
                let read = move || exporter.status().ledger;
                self.exported.ledger(&member.name, read);
            }
        }
    }

    /// Takes no more records, and lets everybody hand on what waits.
    pub(super) async fn stop(&self) {
        let members = {
            let members = self.members.lock();
            let all = members.all().chain(&members.leaving);
            all.cloned().collect::<Vec<_>>()
        };
        stop(&members, self.drain_timeout).await;
    }
}

/// Who is in the one and not in the other, in the order in which records pass them.
fn only_in(one: &Members, other: &Members) -> Vec<Member> {
    let in_other = |member: &&Member| !other.all().any(|other| other.is_same(member));
    one.all().filter(in_other).cloned().collect()
}

/// They are given nothing any more, and hand on what they have: middlewares first, in
/// their order, then all others together.
async fn stop(members: &[Member], within: Duration) {
    let began = Instant::now();
    let components = members.iter().filter_map(Member::component).cloned();
    let (middlewares, backends): (Vec<_>, Vec<_>) = components.partition(|it| it.middleware);
    drain(&middlewares, within).await;
    let left = within.saturating_sub(began.elapsed());
    let mut stopping = tokio::task::JoinSet::new();
    for member in members {
        if let Receiver::Exporter(exporter, _) = &member.receiver {
            let exporter = exporter.clone();
            stopping.spawn(async move { exporter.stop(left).await });
        }
    }
    drain(&backends, left).await;
    while stopping.join_next().await.is_some() {}
}
