//! Those who receive records no more, and still hand on what they have.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use solti_metrics::{MetricsHandle, ReplaceableMetrics};
use solti_metrics_host::DropReason;
use tokio::sync::Notify;

use crate::drain::drain;
use crate::exported::Exported;
use crate::ledgers::{Counts, Ledgers};
use crate::member::{Member, Receiver};
use crate::retired::RETIRED;

/// How many may leave at a time. A reload that would be one too many waits.
const MOST_LEAVING: usize = 64;

/// Those who leave.
pub(super) struct Leaving {
    ledgers: Ledgers,
    exported: Exported,
    /// Nobody waits while it is held.
    gone: Mutex<Vec<Gone>>,
    /// Told whenever one of them has left.
    left: Notify,
}

/// One of them.
#[derive(Clone)]
pub(super) struct Gone {
    pub(super) member: Member,
    /// Where it forwards to, if it is a middleware.
    pub(super) behind: Option<Arc<ReplaceableMetrics>>,
}

impl Leaving {
    pub(super) fn new(ledgers: Ledgers, exported: Exported) -> Self {
        Self {
            ledgers,
            exported,
            gone: Mutex::default(),
            left: Notify::new(),
        }
    }

    pub(super) fn members(&self) -> Vec<Member> {
        let gone = self.gone.lock();
        gone.iter().map(|gone| gone.member.clone()).collect()
    }

    /// Waits until not too many leave.
    pub(super) async fn room(&self) {
        loop {
            let left = self.left.notified();
            if self.gone.lock().len() < MOST_LEAVING {
                return;
            }
            left.await;
        }
    }

    /// Lets them hand on what they have, for so long at most, and does not wait for it.
    pub(super) fn start(self: &Arc<Self>, gone: Vec<Gone>, within: Duration) {
        if gone.is_empty() {
            return;
        }
        {
            let mut all = self.gone.lock();
            // Who left before, and still forwards to one of these, is to pass it by.
            for now in &gone {
                if let Some(behind) = &now.behind {
                    let (from, to) = (now.member.handle(), Arc::clone(behind) as MetricsHandle);
                    let earlier = all.iter().filter_map(|earlier| earlier.behind.as_ref());
                    let other = earlier.filter(|other| !Arc::ptr_eq(other, behind));
                    other.for_each(|other| {
                        other.replace_if(&from, &to);
                    });
                }
            }
            all.extend(gone.iter().cloned());
        }
        let this = Arc::clone(self);
        tokio::spawn(async move {
            let members: Vec<_> = gone.into_iter().map(|gone| gone.member).collect();
            stop(&members, within).await;
            members.iter().for_each(|member| this.has_left(member));
        });
    }

    fn has_left(&self, member: &Member) {
        tell(member);
        // Its gauges go before its row says that it is gone: nobody sees them after that.
        if let Some(component) = member.component() {
            self.exported.retire(component);
        }
        let forgotten = self.ledgers.retire(member);
        if let Some(forgotten) = forgotten {
            self.exported.merge_retired(&forgotten, RETIRED);
        }
        self.gone.lock().retain(|gone| !gone.member.is_same(member));
        self.left.notify_waiters();
    }
}

/// What became of its records, which are in its name's ledger as well.
fn tell(member: &Member) {
    let (backend, ledger) = (&*member.name, Counts::of(member).ledger);
    let (delivered, dropped) = (ledger.delivered(), ledger.dropped_total());
    if dropped == ledger.dropped(DropReason::Sampled) {
        tracing::info!(backend, delivered, dropped, "backend retired");
    } else {
        tracing::warn!(backend, delivered, dropped, "backend retired");
    }
}

/// They are given nothing any more, and hand on what they have: middlewares first, in
/// their order, then all others together.
pub(super) async fn stop(members: &[Member], within: Duration) {
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
