//! Measures the time for each record.

use std::time::Duration;

use super::outcome::VectorOutcome;
use crate::check::{Check, Fault, Verdict};
use crate::vector::Vector;

/// Average time of a record, in batches and one by one. Each value is from the vector with
/// the most records.
#[derive(Default)]
pub(super) struct RecordTimes {
    /// In batches if the component accepts batches, as this host delivers them.
    usual: Option<RecordTime>,
    one_by_one: Option<RecordTime>,
}

struct RecordTime {
    vector: String,
    records: u64,
    busy: Duration,
}

impl RecordTimes {
    pub(super) fn add(&mut self, vector: &Vector, outcome: &VectorOutcome, batches: bool) {
        let records = outcome.status.delivered;
        let slot = if batches {
            &mut self.usual
        } else {
            &mut self.one_by_one
        };
        let most = slot.as_ref().map_or(0, |time| time.records);
        if records > most {
            *slot = Some(RecordTime {
                vector: vector.name.clone(),
                records,
                busy: outcome.status.busy,
            });
        }
    }

    /// The check `time-per-record`. It can fail only if a maximum is set.
    pub(super) fn check(&self, most: Option<Duration>) -> Check {
        let name = "time-per-record";
        let Some(time) = &self.usual else {
            return Check::new(name, Verdict::skipped("the backend received no records"));
        };
        let verdict = match most {
            Some(most) if time.each() > most.as_nanos() as f64 => Verdict::Failed(Fault::new(
                format!("a record takes at most {most:?}"),
                format!("{}, on average over {} records", time.text(), time.records),
                "do less work for each record, or receive many records in one call with `batch`; on a busy machine, measure again",
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

impl RecordTime {
    /// Average time of a record, in nanoseconds.
    fn each(&self) -> f64 {
        self.busy.as_nanos() as f64 / self.records as f64
    }

    /// The average with a unit and a precision that fit its size.
    fn text(&self) -> String {
        match self.each() {
            ..100.0 => format!("{:.1} ns", self.each()),
            ..10_000.0 => format!("{:.0} ns", self.each()),
            ..10_000_000.0 => format!("{:.0} µs", self.each() / 1e3),
            _ => format!("{:.0} ms", self.each() / 1e6),
        }
    }
}
