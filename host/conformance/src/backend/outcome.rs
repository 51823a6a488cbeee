//! Rules and outcomes of vectors.

use super::growth::Growth;
use super::status::Status;
use super::stop::Stop;
use crate::check::Fault;
use crate::counts::Counts;
use crate::options::Options;

/// How vectors are run.
#[derive(Clone, Copy)]
pub(super) struct Rules<'a> {
    pub(super) options: &'a Options,
    /// The name of what is tested.
    pub(super) name: &'a str,
    /// Bytes of memory that an instance may have.
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
    pub(super) status: Status,
}
