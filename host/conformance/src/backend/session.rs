//! One instance of a component while a vector's steps are done to it: what it was given,
//! and what was seen.

use std::mem;
use std::time::{Duration, Instant};

use solti_metrics::Event;

use super::ended::Ended;
use super::growth::Growth;
use super::instance::Instance;
use super::outcome::{Outcome, Rules};
use super::stop::Stop;
use crate::check::Fault;
use crate::counts::Counter;
use crate::error::Error;
use crate::options::Options;
use crate::sums::Reference;
use crate::term::Term;

/// A vector that is being run.
pub(super) struct Session<'a> {
    pub(super) instance: &'a Instance<'a>,
    pub(super) rules: &'a Rules<'a>,
    /// When there is no more time; never, if the clock cannot hold that.
    until: Option<Instant>,
    pub(super) since: Reference,
    /// With what was recorded before the last restart; `None` if there was none.
    pub(super) ever: Option<Reference>,
    given: Counter,
    pub(super) records: u64,
    /// Whether everything was recorded that the vector says, and no more.
    pub(super) as_written: bool,
    pub(super) shortened: Option<u64>,
    pub(super) malformed: Option<String>,
    pub(super) scrapes: u64,
    pub(super) texts: u64,
    pub(super) notes: Vec<String>,
    pub(super) undecided: Option<String>,
    pub(super) growth: Option<Growth>,
}

impl<'a> Session<'a> {
    pub(super) fn new(instance: &'a Instance<'a>, rules: &'a Rules<'a>) -> Self {
        Self {
            instance,
            rules,
            until: Instant::now().checked_add(rules.options.budget),
            since: Reference::default(),
            ever: None,
            given: Counter::default(),
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

    pub(super) fn options(&self) -> &'a Options {
        self.rules.options
    }

    /// Hands these over, and waits until they are taken.
    pub(super) async fn give(&mut self, events: &[Event]) -> Result<(), Ended> {
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
            Ended::stopped(stop, &format!("after it took {taken} records"))
        })
    }

    pub(super) async fn flush(&self) -> Result<(), Ended> {
        let flushed = self.instance.flush().await;
        flushed.map_err(|stop| Ended::stopped(stop, "while it was flushed"))
    }

    pub(super) async fn restart(&mut self) -> Result<(), Ended> {
        let before = mem::take(&mut self.since);
        self.ever.get_or_insert(before);
        let restarted = self.instance.restart().await;
        restarted.map_err(|stop| Ended::stopped(stop, "while it was restarted"))
    }

    /// From here on, there is so much time.
    pub(super) fn allow(&mut self, time: Duration) {
        self.until = Instant::now().checked_add(time);
    }

    pub(super) fn is_late(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() > until)
    }

    /// What can be said once everything was taken.
    pub(super) fn last_look(&mut self, settled: Result<(), Stop>) -> Result<(), Ended> {
        settled.map_err(|stop| Ended::stopped(stop, "in the end"))?;
        let status = self.instance.status();
        let failed = status.failed;
        if failed > 0 {
            return Err(Ended::Wrong(Fault::new(
                "it keeps every record, or leaves it out on purpose",
                format!(
                    "it says of {failed} of {} records that it could not keep them",
                    status.accepted
                ),
                format!(
                    "if it lacks a file or a server, grant it with {}",
                    self.options().term(Term::Grants)
                ),
            )));
        }
        let sampled = status.sampled;
        if sampled > 0 {
            self.notes.push(format!(
                "it leaves {sampled} of {} records out on purpose",
                status.accepted
            ));
        }
        Ok(())
    }

    /// Lets go of the instance, and says what came of it.
    pub(super) async fn outcome(self, ended: Result<(), Ended>) -> Result<Outcome, Error> {
        let instance = self.instance;
        let (fault, stop) = match ended {
            Err(Ended::Broken(error)) => return Err(error),
            Ok(()) => (None, None),
            Err(Ended::Wrong(fault)) => (Some(fault), None),
            Err(Ended::Stopped(stop, when)) => match stop.untested(self.rules.name) {
                Some(untested) => return Err(untested),
                None => (Some(stop.fault(&when, self.options())), Some(stop)),
            },
        };
        let status = instance.status();
        instance.stop().await;
        Ok(Outcome {
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
