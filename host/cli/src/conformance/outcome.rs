use std::time::Duration;

use solti_metrics_host::provider::BackendStatus;

use super::counts::Counts;
use super::growth::Growth;
use super::subject::Stop;
use super::verdict::Fault;

/// How vectors are run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// How many records are many; what the vector says, if `None`, and what there is
    /// time for.
    pub(super) records: Option<u64>,
    pub(super) budget: Duration,
    pub(super) max_growth: Option<u32>,
    /// Bytes of linear memory.
    pub(super) memory: usize,
    /// Whether what is exposed has to add up: a middleware may say what it likes.
    pub(super) adds_up: bool,
}

/// What came of a vector.
#[derive(Debug)]
pub(super) struct Outcome {
    /// What is wrong.
    pub(super) fault: Option<Fault>,
    /// Why it did not get to the end.
    pub(super) stop: Option<Stop>,
    /// How many records it should have been, if there was no time for all.
    pub(super) shortened: Option<u64>,
    /// What is wrong with the form of what it exposes.
    pub(super) malformed: Option<String>,
    /// How many of its expositions were read.
    pub(super) texts: u64,
    /// What a person should know of it in any case.
    pub(super) notes: Vec<String>,
    /// Why nothing can be said.
    pub(super) undecided: Option<String>,
    pub(super) growth: Option<Growth>,
    pub(super) given: Counts,
    pub(super) forwarded: Counts,
    pub(super) status: BackendStatus,
}
