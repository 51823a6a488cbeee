//! Measures the time for each record.

use std::time::Duration;

use super::outcome::Outcome;
use crate::check::{Check, Fault, Verdict};
use crate::vector::Vector;

/// How long records take, in batches and one by one: in each way by the vector that had
/// most of them.
#[derive(Default)]
pub(super) struct Times {
    /// As this host hands them over: in batches, if that can be.
    usual: Option<Time>,
    one_by_one: Option<Time>,
}

struct Time {
    vector: String,
    records: u64,
    busy: Duration,
}

impl Times {
    pub(super) fn add(&mut self, vector: &Vector, outcome: &Outcome, batches: bool) {
        let records = outcome.status.delivered;
        let place = if batches {
            &mut self.usual
        } else {
            &mut self.one_by_one
        };
        let most = place.as_ref().map_or(0, |time| time.records);
        if records > most {
            *place = Some(Time {
                vector: vector.name.clone(),
                records,
                busy: outcome.status.busy,
            });
        }
    }

    /// Judged only if somebody has said how long it may take.
    pub(super) fn check(&self, most: Option<Duration>) -> Check {
        let name = "time-per-record";
        let Some(time) = &self.usual else {
            return Check::new(name, Verdict::skipped("it took no records"));
        };
        let verdict = match most {
            Some(most) if time.each() > most.as_nanos() as f64 => Verdict::Failed(Fault::new(
                format!("a record takes no more than {most:?}"),
                format!("{}, on average over {} records", time.text(), time.records),
                "do less for each record, or take many in one call, with `batch`; on a busy machine, measure again",
            )),
            _ => Verdict::Passed,
        };
        let mut note = format!("{} in `{}`", time.text(), time.vector);
        let mut check = Check::new(name, verdict).figure("ns_per_record", time.each());
        if let Some(time) = &self.one_by_one {
            note.push_str(&format!(", {} one by one", time.text()));
            check = check.figure("ns_per_record_one_by_one", time.each());
        }
        if most.is_none() {
            note.push_str("; not judged");
        }
        check.note(note)
    }
}

impl Time {
    /// Nanoseconds.
    fn each(&self) -> f64 {
        self.busy.as_nanos() as f64 / self.records as f64
    }

    /// As precise as it is of use.
    fn text(&self) -> String {
        match self.each() {
            ..100.0 => format!("{:.1} ns", self.each()),
            ..10_000.0 => format!("{:.0} ns", self.each()),
            ..10_000_000.0 => format!("{:.0} µs", self.each() / 1e3),
            _ => format!("{:.0} ms", self.each() / 1e6),
        }
    }
}
