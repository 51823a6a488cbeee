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

/// Changes the default limits of a component.
pub(crate) type LimitsFn = Arc<dyn Fn(&mut Limits) + Send + Sync>;

/// Destinations of standard output and standard error of an instance.
pub(crate) type RoleOutputsFn = Arc<dyn Fn(Role) -> [Output; 2] + Send + Sync>;

/// Options of a test.
#[derive(Clone)]
pub(crate) struct TestOptions {
    /// Grants of a provider or a middleware.
    pub(crate) grants: Grants,
    /// Arguments, variables, directories and standard input of a guest.
    pub(crate) task: Task,
    pub(crate) limits: Option<LimitsFn>,
    /// Maximum duration of a call, or of a run of a guest.
    pub(crate) timeout: Option<Duration>,
    /// Maximum stack of a guest, in bytes.
    pub(crate) stack: usize,
    /// Maximum size of the component, in bytes.
    pub(crate) max_component: u64,
    pub(crate) output: Option<RoleOutputsFn>,
    /// Number of records of the vectors with many records. `None`: the number of the
    /// vector, within the budget.
    pub(crate) records: Option<u64>,
    /// Time budget of a vector.
    pub(crate) budget: Duration,
    /// Maximum growth of memory for each record or scrape, in bytes.
    pub(crate) max_growth: Option<u32>,
    pub(crate) max_time_per_record: Option<Duration>,
    pub(crate) allow_unpaired: bool,
    pub(crate) terms: fn(Term) -> &'static str,
    pub(crate) listener: Option<Listener>,
}

impl Default for TestOptions {
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

impl TestOptions {
    pub(crate) fn set_records(&mut self, records: u64) {
        self.records = Some(records.clamp(1, MOST_RECORDS));
    }

    /// Term that names a setting for the reader of the report.
    pub(crate) fn term(&self, term: Term) -> &'static str {
        (self.terms)(term)
    }

    pub(crate) fn limit(&self, limits: &mut Limits) {
        if let Some(change) = &self.limits {
            change(limits);
        }
    }
}
