//! What a vector says, done to one instance of a component.

use std::time::{Duration, Instant};

use solti_metrics::{Event, MetricsBackend};
use solti_metrics_host::DropReason;

use super::counts::Counter;
use super::growth::Growth;
use super::outcome::{Outcome, Rules};
use super::rounds::Rounds;
use super::subject::{Stop, Subject};
use super::sums::Reference;
use super::vector::{Record, Step, Vector};
use super::verdict::Fault;

/// So many records are handed over at first, before it is known how long they take.
const FIRST: usize = 8;

/// So many at most; the queue has room for twice as many.
const MOST: usize = 32_768;

/// As long as so many are taken in this time, they become more.
const BRISK: Duration = Duration::from_millis(20);

/// A vector that is being run.
pub(super) struct Scenario<'a> {
    pub(super) subject: &'a Subject<'a>,
    pub(super) rules: &'a Rules,
    /// When there is no more time; never, if the clock cannot hold that.
    pub(super) until: Option<Instant>,
    pub(super) since: Reference,
    /// With what was recorded before the last restart; `None` if there was none.
    pub(super) ever: Option<Reference>,
    given: Counter,
    pub(super) records: u64,
    /// Whether everything was recorded that the vector says, and no more.
    pub(super) as_written: bool,
    shortened: Option<u64>,
    pub(super) malformed: Option<String>,
    pub(super) scrapes: u64,
    pub(super) texts: u64,
    pub(super) notes: Vec<String>,
    pub(super) undecided: Option<String>,
    pub(super) growth: Option<Growth>,
}

/// What ends a vector early.
pub(super) enum Ended {
    Wrong(Fault),
    Stopped(Stop, String),
    /// The fault is ours.
    Broken(anyhow::Error),
}

impl From<anyhow::Error> for Ended {
    fn from(error: anyhow::Error) -> Self {
        Self::Broken(error)
    }
}

impl<'a> Scenario<'a> {
    pub(super) async fn run(
        vector: &Vector,
        subject: &'a Subject<'a>,
        rules: &'a Rules,
    ) -> anyhow::Result<Outcome> {
        let mut scenario = Self {
            subject,
            rules,
            until: Instant::now().checked_add(rules.budget),
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
        };
        let ended = match scenario.steps(&vector.steps).await {
            Ok(()) => scenario.last_look(subject.settle().await),
            ended => ended,
        };
        let (fault, stop) = match ended {
            Err(Ended::Broken(error)) => return Err(error),
            Ok(()) => (None, None),
            Err(Ended::Wrong(fault)) => (Some(fault), None),
            Err(Ended::Stopped(stop, when)) => match stop.untested(subject.name()) {
                Some(untested) => return Err(untested.into()),
                None => (Some(stop.fault(&when)), Some(stop)),
            },
        };
        let status = subject.status();
        subject.stop().await;
        Ok(Outcome {
            fault,
            stop,
            shortened: scenario.shortened,
            malformed: scenario.malformed,
            texts: scenario.texts,
            notes: scenario.notes,
            undecided: scenario.undecided,
            growth: scenario.growth,
            given: scenario.given.counts(),
            forwarded: subject.forwarded(),
            status,
        })
    }

    async fn steps(&mut self, steps: &[Step]) -> Result<(), Ended> {
        for step in steps {
            match step {
                Step::Rounds {
                    times,
                    per,
                    most_growth,
                    steps,
                } => {
                    let rounds = Rounds {
                        times: *times as usize,
                        unit: *per,
                        most: self.rules.max_growth.unwrap_or(*most_growth),
                        steps,
                    };
                    self.rounds(&rounds).await?;
                }
                step => self.step(step, false).await?,
            }
        }
        Ok(())
    }

    pub(super) async fn step(&mut self, step: &Step, in_round: bool) -> Result<(), Ended> {
        let siblings = self.subject.status().siblings;
        match step {
            Step::Record { records, repeat } => self.record(records, *repeat, in_round).await,
            Step::Flush {} if siblings.lifecycle => {
                let flushed = self.subject.flush().await;
                flushed.map_err(|stop| stopped(stop, "while it was flushed"))
            }
            Step::Expose { expect } if siblings.exposition => self.expose(expect.as_deref()).await,
            Step::Restart {} => {
                let before = std::mem::take(&mut self.since);
                self.ever.get_or_insert(before);
                let restarted = self.subject.restart().await;
                restarted.map_err(|stop| stopped(stop, "while it was restarted"))
            }
            Step::Flush {} | Step::Expose { .. } | Step::Rounds { .. } => Ok(()),
        }
    }

    async fn record(
        &mut self,
        records: &[Record],
        repeat: Option<u64>,
        in_round: bool,
    ) -> Result<(), Ended> {
        let once = records.len() as u64;
        let written = once * repeat.unwrap_or(1);
        let wanted = match self.rules.records {
            Some(many) if repeat.is_some() && !in_round => many.div_ceil(once) * once,
            _ => written,
        };
        self.as_written &= wanted == written;
        let bounded = in_round || self.rules.records.is_none();
        let mut cycle = records.iter().map(|record| record.0).cycle();
        let (mut left, mut chunk) = (wanted, FIRST);
        let mut events = Vec::new();
        while left > 0 {
            let now = chunk.min(usize::try_from(left).unwrap_or(usize::MAX));
            events.clear();
            events.extend(cycle.by_ref().take(now));
            let began = Instant::now();
            self.give(&events).await?;
            left -= now as u64;
            if began.elapsed() < BRISK {
                chunk = (2 * chunk).min(MOST);
            }
            if bounded && left > 0 && self.is_late() {
                self.as_written = false;
                self.shortened = Some(wanted);
                break;
            }
        }
        Ok(())
    }

    async fn give(&mut self, events: &[Event]) -> Result<(), Ended> {
        self.since.record(events);
        if let Some(ever) = &self.ever {
            ever.record(events);
        }
        self.given.record_batch(events);
        self.records += events.len() as u64;
        let given = self.subject.record(events).await;
        given.map_err(|stop| {
            let taken = self.subject.status().ledger.delivered();
            stopped(stop, &format!("after it took {taken} records"))
        })
    }

    pub(super) fn is_late(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() > until)
    }

    /// What can be said once everything was taken.
    fn last_look(&mut self, settled: Result<(), Stop>) -> Result<(), Ended> {
        settled.map_err(|stop| stopped(stop, "in the end"))?;
        let ledger = self.subject.status().ledger;
        let failed = ledger.dropped(DropReason::BackendFailed);
        if failed > 0 {
            return Err(Ended::Wrong(Fault::new(
                "it keeps every record, or leaves it out on purpose",
                format!(
                    "it says of {failed} of {} records that it could not keep them",
                    ledger.accepted()
                ),
                "if it lacks a file or a server, grant it with --grant",
            )));
        }
        let sampled = ledger.dropped(DropReason::Sampled);
        if sampled > 0 {
            self.notes.push(format!(
                "it leaves {sampled} of {} records out on purpose",
                ledger.accepted()
            ));
        }
        Ok(())
    }
}

pub(super) fn stopped(stop: Stop, when: &str) -> Ended {
    Ended::Stopped(stop, when.into())
}
