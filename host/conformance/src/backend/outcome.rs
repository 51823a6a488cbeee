//! Rules and outcomes of vectors.

use super::growth::Growth;
use super::status::InstanceStatus;
use super::stop::InstanceStop;
use crate::check::Fault;
use crate::counts::LabelCounts;
use crate::options::TestOptions;

/// Rules of a test for all vectors.
#[derive(Clone, Copy)]
pub(super) struct VectorRules<'a> {
    pub(super) options: &'a TestOptions,
    /// Name of the tested component or backend.
    pub(super) name: &'a str,
    /// Maximum memory of an instance, in bytes.
    pub(super) memory: usize,
    /// Whether the exposition must agree with the records. This does not apply to
    /// middlewares.
    pub(super) adds_up: bool,
}

/// Outcome of a vector.
#[derive(Debug)]
pub(super) struct VectorOutcome {
    /// Fault of the component.
    pub(super) fault: Option<Fault>,
    /// Reason why the vector stopped early.
    pub(super) stop: Option<InstanceStop>,
    /// Number of records of the vector, if the time was too short for all of them.
    pub(super) shortened: Option<u64>,
    /// Format error of an exposition.
    pub(super) malformed: Option<String>,
    /// Number of expositions that were parsed.
    pub(super) texts: u64,
    /// Notes for the report.
    pub(super) notes: Vec<String>,
    /// Reason why there is no verdict.
    pub(super) undecided: Option<String>,
    pub(super) growth: Option<Growth>,
    pub(super) given: LabelCounts,
    pub(super) forwarded: LabelCounts,
    pub(super) status: InstanceStatus,
}
