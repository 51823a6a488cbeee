//! Checks the records that a middleware forwards.

use super::outcome::Outcome;
use crate::check::{Check, Fault, Verdict};

/// What became of the records that a middleware was given.
#[derive(Default)]
pub(super) struct PassedOn {
    given: u64,
    forwarded: u64,
    discarded: u64,
    invented: Option<Fault>,
}

impl PassedOn {
    pub(super) fn add(&mut self, outcome: &Outcome) {
        let (given, forwarded) = (&outcome.given, &outcome.forwarded);
        let discarded = outcome.status.sampled + outcome.status.failed;
        if outcome.stop.is_some() {
            // What it had when it ended is nobody's fault but that one.
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
                    "of `{kind}`, it was given {given}, and forwarded {forwarded}"
                ));
            }
        }
        if forwarded.total() + discarded > given.total() {
            self.invents(format!(
                "it was given {} records, forwarded {}, and says that {discarded} came to nothing",
                given.total(),
                forwarded.total()
            ));
        }
    }

    fn invents(&mut self, seen: String) {
        self.invented.get_or_insert_with(|| {
            Fault::new(
                "it forwards or discards each record that it is given, at most once",
                seen,
                "forward no record that nobody made; name in `take-discards` only what is not forwarded",
            )
        });
    }

    /// Whether each record that came out went in.
    pub(super) fn check(&self) -> Check {
        let Self {
            given,
            forwarded,
            discarded,
            invented,
        } = self;
        let verdict = match invented {
            _ if *given == 0 => Verdict::skipped("it was given no records"),
            Some(fault) => Verdict::Failed(fault.clone()),
            None => Verdict::Passed,
        };
        let missing = given.saturating_sub(forwarded + discarded);
        let mut note = format!("{forwarded} of {given} records, {discarded} discarded");
        if missing > 0 {
            note.push_str(&format!(
                "; {missing} came to nothing, and only `accounting` could say so"
            ));
        }
        Check::new("forwards", verdict)
            .note(note)
            .figure("given", *given as f64)
            .figure("forwarded", *forwarded as f64)
            .figure("discarded", *discarded as f64)
    }
}
