//! What a vector says, done to one instance of a component.

use std::time::{Duration, Instant};

use solti_metrics::Event;
use solti_metrics_host::DropReason;
use solti_metrics_host::provider::BackendStatus;

use super::counts::{Counter, Counts};
use super::exposition::Exposition;
use super::growth::Growth;
use super::rounds::Rounds;
use super::subject::{Stop, Subject};
use super::sums::{self, Difference, Reference};
use super::vector::{Expected, Record, Step, Vector};
use super::verdict::Fault;

/// So many records are handed over at first, before it is known how long they take.
const FIRST: usize = 256;

/// So many at most; the queue has room for twice as many.
const MOST: usize = 32_768;

/// As long as so many are taken in this time, they become more.
const BRISK: Duration = Duration::from_millis(20);

/// So many differences are shown.
const SHOWN: usize = 3;

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
    /// How often it was scraped.
    pub(super) scrapes: u64,
    /// What a person should know of it in any case.
    pub(super) notes: Vec<String>,
    /// Why nothing can be said.
    pub(super) undecided: Option<String>,
    pub(super) growth: Option<Growth>,
    pub(super) given: Counts,
    pub(super) forwarded: Counts,
    pub(super) status: BackendStatus,
}

/// A vector that is being run.
pub(super) struct Scenario<'a> {
    pub(super) subject: &'a Subject<'a>,
    pub(super) rules: &'a Rules,
    pub(super) until: Instant,
    since: Reference,
    /// With what was recorded before the last restart; `None` if there was none.
    ever: Option<Reference>,
    given: Counter,
    pub(super) records: u64,
    /// Whether everything was recorded that the vector says, and no more.
    as_written: bool,
    shortened: Option<u64>,
    malformed: Option<String>,
    pub(super) scrapes: u64,
    pub(super) notes: Vec<String>,
    pub(super) undecided: Option<String>,
    pub(super) growth: Option<Growth>,
}

/// What ends a vector early.
pub(super) enum Ended {
    Wrong(Fault),
    Stopped(Stop, String),
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
            until: Instant::now() + rules.budget,
            since: Reference::default(),
            ever: None,
            given: Counter::default(),
            records: 0,
            as_written: true,
            shortened: None,
            malformed: None,
            scrapes: 0,
            notes: Vec::new(),
            undecided: None,
            growth: None,
        };
        let ended = scenario.steps(&vector.steps).await?;
        let ended = match ended {
            Ok(()) => scenario.last_look(subject.settle().await),
            ended => ended,
        };
        let (fault, stop) = match ended {
            Ok(()) => (None, None),
            Err(Ended::Wrong(fault)) => (Some(fault), None),
            Err(Ended::Stopped(stop, when)) => (Some(stop.fault(&when)), Some(stop)),
        };
        let status = subject.status();
        subject.stop().await;
        Ok(Outcome {
            fault,
            stop,
            shortened: scenario.shortened,
            malformed: scenario.malformed,
            scrapes: scenario.scrapes,
            notes: scenario.notes,
            undecided: scenario.undecided,
            growth: scenario.growth,
            given: scenario.given.counts(),
            forwarded: subject.forwarded(),
            status,
        })
    }

    async fn steps(&mut self, steps: &[Step]) -> anyhow::Result<Result<(), Ended>> {
        for step in steps {
            let done = match step {
                Step::Rounds {
                    times,
                    per,
                    most_growth,
                    steps,
                } => {
                    let most = self.rules.max_growth.unwrap_or(*most_growth);
                    let rounds = Rounds {
                        times: *times as usize,
                        unit: *per,
                        most,
                        steps,
                    };
                    self.rounds(&rounds).await?
                }
                step => self.step(step, false).await?,
            };
            if done.is_err() {
                return Ok(done);
            }
        }
        Ok(Ok(()))
    }

    pub(super) async fn step(
        &mut self,
        step: &Step,
        in_round: bool,
    ) -> anyhow::Result<Result<(), Ended>> {
        let siblings = self.subject.status().siblings;
        Ok(match step {
            Step::Record { records, repeat } => self.record(records, *repeat, in_round).await,
            Step::Flush {} if siblings.lifecycle => {
                let flushed = self.subject.flush().await;
                flushed.map_err(|stop| self.stopped(stop, "while it was flushed"))
            }
            Step::Expose { expect } if siblings.exposition => {
                return self.expose(expect.as_deref()).await;
            }
            Step::Restart {} => {
                let before = std::mem::take(&mut self.since);
                self.ever.get_or_insert(before);
                let restarted = self.subject.restart().await;
                restarted.map_err(|stop| self.stopped(stop, "while it was restarted"))
            }
            Step::Flush {} | Step::Expose { .. } | Step::Rounds { .. } => Ok(()),
        })
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
        let bounded = !in_round && self.rules.records.is_none();
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
            if bounded && left > 0 && Instant::now() > self.until {
                self.as_written = false;
                self.shortened = Some(wanted);
                break;
            }
        }
        Ok(())
    }

    async fn give(&mut self, events: &[Event]) -> Result<(), Ended> {
        use solti_metrics::MetricsBackend;
        self.since.record(events);
        if let Some(ever) = &self.ever {
            ever.record(events);
        }
        self.given.record_batch(events);
        self.records += events.len() as u64;
        let given = self.subject.record(events).await;
        given.map_err(|stop| {
            let taken = self.subject.status().ledger.delivered();
            self.stopped(stop, &format!("after it took {taken} records"))
        })
    }

    async fn expose(&mut self, expect: Option<&[Expected]>) -> anyhow::Result<Result<(), Ended>> {
        self.scrapes += 1;
        let text = match self.subject.expose().await {
            Ok(text) => text,
            Err(stop) => {
                let when = format!("in scrape {}", self.scrapes);
                return Ok(Err(self.stopped(stop, &when)));
            }
        };
        let Some(expect) = expect else {
            return Ok(Ok(()));
        };
        let parsed = text
            .and_then(|text| Exposition::parse(&text).map_err(|malformed| malformed.to_string()));
        let found = match parsed {
            Ok(found) => found,
            Err(malformed) => {
                self.malformed.get_or_insert(malformed);
                return Ok(Ok(()));
            }
        };
        let sampled = self.subject.status().ledger.dropped(DropReason::Sampled);
        if !self.rules.adds_up || sampled > 0 {
            return Ok(Ok(()));
        }
        let differences = self.differences(&found, expect)?;
        Ok(match differences.as_slice() {
            [] => Ok(()),
            differences => Err(Ended::Wrong(unequal(differences))),
        })
    }

    fn differences(
        &mut self,
        found: &Exposition,
        expect: &[Expected],
    ) -> anyhow::Result<Vec<Difference>> {
        let contract = sums::has_contract(found);
        if contract {
            let since = self.since.compare(found)?;
            let kept = match &self.ever {
                Some(ever) if !since.is_empty() => ever.compare(found)?.is_empty(),
                _ => false,
            };
            if kept {
                self.notes.push("it goes on from what it kept".into());
                return Ok(Vec::new());
            }
            if !since.is_empty() {
                return Ok(since);
            }
        } else {
            self.notes
                .push("its metrics are its own, and not added up".into());
        }
        if !self.as_written {
            return Ok(Vec::new());
        }
        Ok(sums::compare(found, expect, contract))
    }

    fn stopped(&self, stop: Stop, when: &str) -> Ended {
        Ended::Stopped(stop, when.into())
    }

    /// What can be said once everything was taken.
    fn last_look(&mut self, settled: Result<(), Stop>) -> Result<(), Ended> {
        settled.map_err(|stop| self.stopped(stop, "in the end"))?;
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

fn unequal(differences: &[Difference]) -> Fault {
    let shown = &differences[..differences.len().min(SHOWN)];
    let lines = |of: fn(&Difference) -> &String| {
        let lines: Vec<_> = shown.iter().map(|it| of(it).as_str()).collect();
        lines.join("\n")
    };
    let mut seen = lines(|it| &it.seen);
    if differences.len() > SHOWN {
        seen.push_str(&format!("\nand {} more differ", differences.len() - SHOWN));
    }
    Fault::new(
        lines(|it| &it.expected),
        seen,
        "add each record up under the labels that it comes with, as wit/backend.wit says",
    )
}
