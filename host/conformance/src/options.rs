//! Settings of a test.

use std::sync::Arc;
use std::time::Duration;

use solti_metrics_host::component::Role;
use solti_metrics_host::limits::Limits;
use solti_metrics_host::provider::Grants;
use solti_metrics_host::runner::Task;
use solti_metrics_host::wasi::Output;

use crate::progress::Listener;
use crate::term::Term;
use crate::vector::MOST_RECORDS;

/// Changes the limits that a component would have.
pub(crate) type LimitsFn = Arc<dyn Fn(&mut Limits) + Send + Sync>;

/// Where an instance's standard output and standard error go.
pub(crate) type OutputFn = Arc<dyn Fn(Role) -> [Output; 2] + Send + Sync>;

/// How a component is tested.
#[derive(Clone)]
pub(crate) struct Options {
    /// For a provider or a middleware.
    pub(crate) grants: Grants,
    /// What a guest is given.
    pub(crate) task: Task,
    pub(crate) limits: Option<LimitsFn>,
    /// How long a call may take, or a whole run of a guest.
    pub(crate) timeout: Option<Duration>,
    /// Bytes of stack that a guest has.
    pub(crate) stack: usize,
    /// Bytes that the component may have.
    pub(crate) max_component: u64,
    pub(crate) output: Option<OutputFn>,
    /// How many records are many; what the vector says, if `None`, and what there is
    /// time for.
    pub(crate) records: Option<u64>,
    /// How long a vector may take.
    pub(crate) budget: Duration,
    /// Bytes by which memory may grow with each record or scrape.
    pub(crate) max_growth: Option<u32>,
    pub(crate) max_time_per_record: Option<Duration>,
    pub(crate) allow_unpaired: bool,
    pub(crate) terms: fn(Term) -> &'static str,
    pub(crate) listener: Option<Listener>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            grants: Grants::new(),
            task: Task::new(),
            limits: None,
            timeout: None,
            stack: 512 << 10,
            max_component: 64 << 20,
            output: None,
            records: None,
            budget: Duration::from_secs(5),
            max_growth: None,
            max_time_per_record: None,
            allow_unpaired: false,
            terms: Term::in_rust,
            listener: None,
        }
    }
}

impl Options {
    pub(crate) fn set_records(&mut self, records: u64) {
        self.records = Some(records.clamp(1, MOST_RECORDS));
    }

    /// What the reader of the report knows this by.
    pub(crate) fn term(&self, term: Term) -> &'static str {
        (self.terms)(term)
    }

    pub(crate) fn limit(&self, limits: &mut Limits) {
        if let Some(change) = &self.limits {
            change(limits);
        }
    }
}
