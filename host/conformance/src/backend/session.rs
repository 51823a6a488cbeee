//! Runs the steps of a vector with one instance: the records so far, and the observations.

use std::mem;
use std::time::{Duration, Instant};

use solti_metrics::Event;

use super::growth::Growth;
use super::instance::TestInstance;
use super::outcome::{VectorOutcome, VectorRules};
use super::stop::InstanceStop;
use super::vector_end::VectorEnd;
use crate::check::Fault;
use crate::counts::CountingBackend;
use crate::error::Error;
use crate::options::TestOptions;
use crate::sums::ReferenceBackend;
use crate::term::Term;

/// State of a vector that is running.
pub(super) struct VectorSession<'a> {
    pub(super) instance: &'a TestInstance<'a>,
    pub(super) rules: &'a VectorRules<'a>,
    /// End of the time budget. `None` if the clock cannot represent it.
    until: Option<Instant>,
    pub(super) since: ReferenceBackend,
    /// Reference with the records from before the last restart as well. `None` before the
    /// first restart.
    pub(super) ever: Option<ReferenceBackend>,
    given: CountingBackend,
    pub(super) records: u64,
    /// Whether exactly the records of the vector were made.
    pub(super) as_written: bool,
    pub(super) shortened: Option<u64>,
    pub(super) malformed: Option<String>,
    pub(super) scrapes: u64,
    pub(super) texts: u64,
    pub(super) notes: Vec<String>,
    pub(super) undecided: Option<String>,
    pub(super) growth: Option<Growth>,
}

impl<'a> VectorSession<'a> {
    pub(super) fn new(instance: &'a TestInstance<'a>, rules: &'a VectorRules<'a>) -> Self {
        Self {
            instance,
            rules,
            until: Instant::now().checked_add(rules.options.budget),
            since: ReferenceBackend::default(),
            ever: None,
            given: CountingBackend::default(),
            records: 0,
            as_written: true,
            shortened: None,
            malformed: None,
            scrapes: 0,
            texts: 0,
            notes: Vec::new(),
            undecided: None,
            growth: None,
        }
    }

    pub(super) fn options(&self) -> &'a TestOptions {
        self.rules.options
    }

    /// Records the events, and waits until the instance has received them.
    pub(super) async fn give(&mut self, events: &[Event]) -> Result<(), VectorEnd> {
        self.since.record(events);
        if let Some(ever) = &self.ever {
            ever.record(events);
        }
        for event in events {
            event.record_into(&self.given);
        }
        self.records += events.len() as u64;
        let given = self.instance.record(events).await;
        given.map_err(|stop| {
            let taken = self.instance.status().delivered;
            VectorEnd::stopped(stop, &format!("after {taken} records"))
        })
    }

    pub(super) async fn flush(&self) -> Result<(), VectorEnd> {
        let flushed = self.instance.flush().await;
        flushed.map_err(|stop| VectorEnd::stopped(stop, "during a flush"))
    }

    pub(super) async fn restart(&mut self) -> Result<(), VectorEnd> {
        let before = mem::take(&mut self.since);
        self.ever.get_or_insert(before);
        let restarted = self.instance.restart().await;
        restarted.map_err(|stop| VectorEnd::stopped(stop, "during a restart"))
    }

    /// Starts a new time budget.
    pub(super) fn allow(&mut self, time: Duration) {
        self.until = Instant::now().checked_add(time);
    }

    pub(super) fn is_late(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() > until)
    }

    /// Final checks after the instance has received all records.
    pub(super) fn last_look(&mut self, settled: Result<(), InstanceStop>) -> Result<(), VectorEnd> {
        settled.map_err(|stop| VectorEnd::stopped(stop, "at the end"))?;
        let status = self.instance.status();
        let failed = status.failed;
        if failed > 0 {
            return Err(VectorEnd::Wrong(Fault::new(
                "the backend stores every record, or omits it on purpose",
                format!(
                    "the backend reported {failed} of {} records as not stored",
                    status.accepted
                ),
                format!(
                    "if a file or a server is missing, grant it with {}",
                    self.options().term(Term::Grants)
                ),
            )));
        }
        let sampled = status.sampled;
        if sampled > 0 {
            self.notes.push(format!(
                "the backend omits {sampled} of {} records on purpose",
                status.accepted
            ));
        }
        Ok(())
    }

    /// Stops the instance, and returns the outcome.
    pub(super) async fn outcome(self, end: Result<(), VectorEnd>) -> Result<VectorOutcome, Error> {
        let instance = self.instance;
        let (fault, stop) = match end {
            Err(VectorEnd::Broken(error)) => return Err(error),
            Ok(()) => (None, None),
            Err(VectorEnd::Wrong(fault)) => (Some(fault), None),
            Err(VectorEnd::Stopped(stop, when)) => match stop.untested(self.rules.name) {
                Some(untested) => return Err(untested),
                None => (Some(stop.fault(&when, self.options())), Some(stop)),
            },
        };
        let status = instance.status();
        instance.stop().await;
        Ok(VectorOutcome {
            fault,
            stop,
            shortened: self.shortened,
            malformed: self.malformed,
            texts: self.texts,
            notes: self.notes,
            undecided: self.undecided,
            growth: self.growth,
            given: self.given.counts(),
            forwarded: instance.forwarded(),
            status,
        })
    }
}
