//! Collects what vectors have shown, and judges it.

use solti_metrics_host::provider::OptionalInterfaces;

use super::outcome::Outcome;
use super::passed_on::PassedOn;
use super::setting::Setting;
use super::times::Times;
use crate::check::{Check, Fault, Verdict};
use crate::vector::{OptionalInterface, Vector};

/// What was seen so far.
#[derive(Default)]
pub(super) struct Seen {
    /// Vectors that were not passed, and those behind them.
    pub(super) blocked: Vec<String>,
    /// The vector in which a call did not return.
    hung: Option<String>,
    /// What went wrong, and in which vector first.
    causes: Vec<(String, String)>,
    /// The first text that was none, and in which vector.
    malformed: Option<(String, String)>,
    /// How many were read.
    texts: u64,
    pub(super) times: Times,
    pub(super) passed_on: PassedOn,
}

impl Seen {
    /// Why a vector is not run.
    pub(super) fn obstacle(&mut self, vector: &Vector, setting: &Setting) -> Option<String> {
        if let Some(after) = &vector.after
            && self.blocked.contains(after)
        {
            self.blocked.push(vector.name.clone());
            return Some(format!("`{after}` was not passed"));
        }
        if let Some(hung) = &self.hung {
            return Some(format!("a call did not return in `{hung}`"));
        }
        if vector.has_rounds() && setting.memory().is_none() {
            return Some("its memory cannot be told from that of this process".into());
        }
        let optional_interfaces = setting.optional_interfaces();
        let missing = vector
            .needs
            .iter()
            .find(|needed| !has(optional_interfaces, **needed))?;
        Some(format!("it does not export `{}`", missing.name()))
    }

    /// What a vector's outcome means, given those before.
    pub(super) fn judge(&mut self, vector: &Vector, outcome: &Outcome) -> Verdict {
        self.texts += outcome.texts;
        self.passed_on.add(outcome);
        if let Some(malformed) = &outcome.malformed {
            let first = || (malformed.clone(), vector.name.clone());
            self.malformed.get_or_insert_with(first);
        }
        let Some(fault) = &outcome.fault else {
            return match (&outcome.undecided, &outcome.malformed) {
                (Some(undecided), _) => Verdict::skipped(undecided),
                (None, Some(_)) => {
                    Verdict::skipped("what it exposes cannot be read: see `exposition`")
                }
                (None, None) => Verdict::Passed,
            };
        };
        let Some(stop) = &outcome.stop else {
            return Verdict::Failed(fault.clone());
        };
        if stop.timed_out() {
            self.hung.get_or_insert(vector.name.clone());
        }
        // A fault that keeps it from more than one end is told once.
        let cause = stop.cause();
        if let Some((_, first)) = self.causes.iter().find(|(known, _)| *known == cause) {
            return Verdict::skipped(format!("as in `{first}`, {cause}"));
        }
        self.causes.push((cause, vector.name.clone()));
        Verdict::Failed(fault.clone())
    }

    /// Whether what it exposes is a text of the kind that it has to be.
    pub(super) fn exposition(&self, optional_interfaces: OptionalInterfaces) -> Check {
        let verdict = match &self.malformed {
            _ if !optional_interfaces.exposition => {
                Verdict::skipped("it does not export `exposition`")
            }
            None if self.texts == 0 => Verdict::skipped("no scrape has returned"),
            None => Verdict::Passed,
            Some((malformed, vector)) => Verdict::Failed(Fault::new(
                "OpenMetrics 1.0 text",
                format!("in `{vector}`: {malformed}"),
                "write the text as OpenMetrics 1.0 has it: https://prometheus.io/docs/specs/om/open_metrics_spec/",
            )),
        };
        Check::new("exposition", verdict).note(match self.texts {
            0 => String::new(),
            texts => format!("{texts} texts read"),
        })
    }
}

fn has(optional_interfaces: OptionalInterfaces, needed: OptionalInterface) -> bool {
    match needed {
        OptionalInterface::Batch => optional_interfaces.batch,
        OptionalInterface::Lifecycle => optional_interfaces.lifecycle,
        OptionalInterface::Exposition => optional_interfaces.exposition,
        OptionalInterface::Accounting => optional_interfaces.accounting,
    }
}
