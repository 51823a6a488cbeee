//! Collects observations over all vectors, and decides the verdicts.

use solti_metrics_host::provider::OptionalInterfaces;

use super::forwarded_records::ForwardedRecords;
use super::instance_factory::InstanceFactory;
use super::outcome::VectorOutcome;
use super::times::RecordTimes;
use crate::check::{Check, Fault, Verdict};
use crate::vector::{OptionalInterface, Vector};

/// Observations of the vectors so far.
#[derive(Default)]
pub(super) struct Observations {
    /// Vectors that failed, and vectors that come after them.
    pub(super) blocked: Vec<String>,
    /// Vector in which a call did not return.
    hung: Option<String>,
    /// Causes of failures, with the first vector of each.
    causes: Vec<(String, String)>,
    /// The first format error of an exposition, and its vector.
    malformed: Option<(String, String)>,
    /// Number of expositions that were parsed.
    texts: u64,
    pub(super) times: RecordTimes,
    pub(super) forwarded: ForwardedRecords,
}

impl Observations {
    /// Reason why a vector is skipped.
    pub(super) fn obstacle(
        &mut self,
        vector: &Vector,
        factory: &InstanceFactory,
    ) -> Option<String> {
        if let Some(after) = &vector.after
            && self.blocked.contains(after)
        {
            self.blocked.push(vector.name.clone());
            return Some(format!("`{after}` did not pass"));
        }
        if let Some(hung) = &self.hung {
            return Some(format!("a call did not return in `{hung}`"));
        }
        if vector.has_rounds() && factory.memory().is_none() {
            return Some("the backend shares the memory of this process".into());
        }
        let optional_interfaces = factory.optional_interfaces();
        let missing = vector
            .needs
            .iter()
            .find(|needed| !has(optional_interfaces, **needed))?;
        Some(format!(
            "the component does not export `{}`",
            missing.name()
        ))
    }

    /// Verdict of a vector, from its outcome and the earlier vectors.
    pub(super) fn judge(&mut self, vector: &Vector, outcome: &VectorOutcome) -> Verdict {
        self.texts += outcome.texts;
        self.forwarded.add(outcome);
        if let Some(malformed) = &outcome.malformed {
            let first = || (malformed.clone(), vector.name.clone());
            self.malformed.get_or_insert_with(first);
        }
        let Some(fault) = &outcome.fault else {
            return match (&outcome.undecided, &outcome.malformed) {
                (Some(undecided), _) => Verdict::skipped(undecided),
                (None, Some(_)) => {
                    Verdict::skipped("the exposition cannot be parsed; see `exposition`")
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
        // A fault that stops several vectors is reported once.
        let cause = stop.cause();
        if let Some((_, first)) = self.causes.iter().find(|(known, _)| *known == cause) {
            return Verdict::skipped(format!("same failure as in `{first}`: {cause}"));
        }
        self.causes.push((cause, vector.name.clone()));
        Verdict::Failed(fault.clone())
    }

    /// The check `exposition`: every exposed text is OpenMetrics 1.0.
    pub(super) fn exposition(&self, optional_interfaces: OptionalInterfaces) -> Check {
        let verdict = match &self.malformed {
            _ if !optional_interfaces.exposition => {
                Verdict::skipped("the component does not export `exposition`")
            }
            None if self.texts == 0 => Verdict::skipped("no scrape has returned"),
            None => Verdict::Passed,
            Some((malformed, vector)) => Verdict::Failed(Fault::new(
                "OpenMetrics 1.0 text",
                format!("in `{vector}`: {malformed}"),
                "write OpenMetrics 1.0 text: https://prometheus.io/docs/specs/om/open_metrics_spec/",
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
