//! Checks the records that a middleware forwards.

use super::outcome::VectorOutcome;
use crate::check::{Check, Fault, Verdict};

/// Counts of the records that a middleware received, forwarded and discarded.
#[derive(Default)]
pub(super) struct ForwardedRecords {
    given: u64,
    forwarded: u64,
    discarded: u64,
    invented: Option<Fault>,
}

impl ForwardedRecords {
    pub(super) fn add(&mut self, outcome: &VectorOutcome) {
        let (given, forwarded) = (&outcome.given, &outcome.forwarded);
        let discarded = outcome.status.sampled + outcome.status.failed;
        if outcome.stop.is_some() {
            // An instance that stopped has already failed another check.
            return;
        }
        self.given += given.total();
        self.forwarded += forwarded.total();
        self.discarded += discarded;
        let kinds = ["task-started", "task-completed", "runner-error"];
        let counts = given.by_kind().into_iter().zip(forwarded.by_kind());
        for (kind, (given, forwarded)) in kinds.into_iter().zip(counts) {
            if forwarded > given {
                self.invents(format!(
                    "the middleware received {given} records `{kind}`, and forwarded {forwarded}"
                ));
            }
        }
        if forwarded.total() + discarded > given.total() {
            self.invents(format!(
                "the middleware received {} records, forwarded {}, and reported {discarded} as discarded",
                given.total(),
                forwarded.total()
            ));
        }
    }

    fn invents(&mut self, seen: String) {
        self.invented.get_or_insert_with(|| {
            Fault::new(
                "the middleware forwards or discards each record at most once",
                seen,
                "forward only received records; count in `take-discards` only records that are not forwarded",
            )
        });
    }

    /// The check `forwards`: each forwarded record was received before.
    pub(super) fn check(&self) -> Check {
        let Self {
            given,
            forwarded,
            discarded,
            invented,
        } = self;
        let verdict = match invented {
            _ if *given == 0 => Verdict::skipped("the middleware received no records"),
            Some(fault) => Verdict::Failed(fault.clone()),
            None => Verdict::Passed,
        };
        let missing = given.saturating_sub(forwarded + discarded);
        let mut note = format!("{forwarded} of {given} records, {discarded} discarded");
        if missing > 0 {
            note.push_str(&format!(
                "; {missing} records are missing; report discarded records with `accounting`"
            ));
        }
        Check::new("forwards", verdict)
            .note(note)
            .figure("given", *given as f64)
            .figure("forwarded", *forwarded as f64)
            .figure("discarded", *discarded as f64)
    }
}
