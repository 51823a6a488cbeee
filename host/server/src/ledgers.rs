//! What became of records, by the name of the backend or middleware that was given them,
//! over all those that have had the name since the start.

use std::ops::AddAssign;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use solti_metrics_host::LedgerSnapshot;

use crate::member::{Member, Receiver};
use crate::retired::{RETIRED, Retired};

/// Ledgers by name. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Ledgers(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    /// Those that are given records, or still hand on what they have.
    live: Vec<Member>,
    /// What those have counted that are gone, also where others have their names now.
    retired: Retired<Counts>,
    rest: Counts,
}

/// What is counted of a backend, and never becomes less.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) ledger: LedgerSnapshot,
    /// Instances or pushes that failed.
    pub(crate) failures: u64,
    pub(crate) restarts: u64,
    pub(crate) replacements: u64,
    /// Of those that send by themselves.
    pub(crate) exports: Option<Exports>,
}

/// How often something was sent.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Exports {
    pub(crate) attempts: u64,
    pub(crate) failures: u64,
}

impl Counts {
    pub(super) fn of(member: &Member) -> Self {
        match &member.receiver {
            Receiver::Component(component, ..) => {
                let status = component.status();
                Self {
                    ledger: status.ledger,
                    failures: status.failures,
                    restarts: status.restarts,
                    replacements: status.replacements,
                    exports: None,
                }
            }
            Receiver::Exporter(exporter, _) => {
                let status = exporter.status();
                Self {
                    ledger: status.ledger,
                    failures: status.failures,
                    restarts: 0,
                    replacements: 0,
                    exports: Some(Exports {
                        attempts: status.attempts,
                        failures: status.failures,
                    }),
                }
            }
        }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.ledger += other.ledger;
        self.failures += other.failures;
        self.restarts += other.restarts;
        self.replacements += other.replacements;
        if let Some(more) = other.exports {
            let exports = self.exports.get_or_insert_default();
            exports.attempts += more.attempts;
            exports.failures += more.failures;
        }
    }
}

impl Ledgers {
    /// Counts its records from here on, with those of its name that came before it.
    pub(super) fn enter(&self, member: &Member) {
        self.0.lock().live.push(member.clone());
    }

    /// It has handed on what it had: what it has counted stays. Returns the name that is
    /// forgotten for that, if one is.
    pub(super) fn retire(&self, member: &Member) -> Option<String> {
        let mut inner = self.0.lock();
        let Inner {
            live,
            retired,
            rest,
        } = &mut *inner;
        let before = live.len();
        live.retain(|other| !other.is_same(member));
        if live.len() == before {
            return None;
        }
        let mut counts = retired.take(&member.name).unwrap_or_default();
        counts += Counts::of(member);
        retired.put(&member.name, counts);
        let (forgotten, counts) =
            retired.take_beyond(|name| live.iter().any(|it| *it.name == *name))?;
        *rest += counts;
        Some(forgotten)
    }

    /// All names, in their order, and behind them what is left of forgotten ones.
    pub(crate) fn all(&self) -> Vec<(String, Counts)> {
        self.0.lock().all()
    }

    /// Of all that have had this name.
    pub(crate) fn of(&self, name: &str) -> Counts {
        let inner = self.0.lock();
        let mut counts = inner.retired.get(name).copied().unwrap_or_default();
        let same = inner.live.iter().filter(|it| *it.name == *name);
        same.for_each(|it| counts += Counts::of(it));
        counts
    }

    /// Names, in their order, that none of these has, and whether somebody of that name
    /// still hands on what it has.
    pub(crate) fn without(&self, members: &[Member]) -> Vec<(String, bool, Counts)> {
        let inner = self.0.lock();
        let is_one = |name: &str| members.iter().any(|it| *it.name == *name);
        let gone = inner.all().into_iter().filter(|(name, _)| !is_one(name));
        gone.map(|(name, counts)| {
            let drains = inner.live.iter().any(|it| *it.name == *name);
            (name, drains, counts)
        })
        .collect()
    }

    /// Reads the ledgers for whoever exports them, and does not keep them: what is
    /// exported may be what they are exported to.
    pub(super) fn reader(&self) -> impl Fn() -> Vec<(String, LedgerSnapshot)> + use<> {
        let inner: Weak<_> = Arc::downgrade(&self.0);
        move || {
            let all = inner.upgrade().map(|inner| inner.lock().all());
            let all = all.into_iter().flatten();
            all.map(|(name, counts)| (name, counts.ledger)).collect()
        }
    }
}

impl Inner {
    fn all(&self) -> Vec<(String, Counts)> {
        let retired = self.retired.iter();
        let mut all: std::collections::BTreeMap<_, _> = retired
            .map(|(name, counts)| (name.clone(), *counts))
            .collect();
        for member in &self.live {
            *all.entry(member.name.to_string()).or_default() += Counts::of(member);
        }
        let rest = (RETIRED.to_owned(), self.rest);
        all.into_iter().chain([rest]).collect()
    }
}
