//! A provider or a middleware: every vector, and what follows from all of them.

use std::time::{Duration, Instant};

use bytesize::ByteSize;
use solti_metrics_host::provider::{Role, Siblings};

use super::outcome::{Outcome, Rules};
use super::passed_on::PassedOn;
use super::scenario::Scenario;
use super::subject::{Setting, Subject};
use super::suite::Suite;
use super::times::Times;
use super::vector::{Sibling, Step, Vector};
use super::verdict::{Check, Fault, Verdict};

/// What was seen so far.
#[derive(Default)]
struct Seen {
    /// Vectors that were not passed, and those behind them.
    blocked: Vec<String>,
    /// The vector in which a call did not return.
    hung: Option<String>,
    /// What went wrong, and in which vector first.
    causes: Vec<(String, String)>,
    /// The first text that was none, and in which vector.
    malformed: Option<(String, String)>,
    /// How many were read.
    texts: u64,
    times: Times,
    passed_on: PassedOn,
}

pub(super) async fn test(
    suite: &mut Suite,
    vectors: &[Vector],
    setting: &Setting,
    rules: &Rules,
    max_time: Option<Duration>,
) -> anyhow::Result<()> {
    let siblings = setting.provider.siblings();
    let mut seen = Seen::default();
    let starts = starts(setting).await?;
    let failed = starts.failed();
    suite.add(starts)?;
    if failed {
        return skip(suite, vectors, setting.provider.inspection().role());
    }
    for vector in vectors {
        let began = Instant::now();
        let check = match seen.obstacle(vector, siblings) {
            Some(reason) => Check::new(&*vector.name, Verdict::skipped(reason)),
            None => run(vector, setting, rules, &mut seen).await?,
        };
        suite.add(check.took(began.elapsed()))?;
    }
    suite.add(exposition(&seen, siblings))?;
    if setting.provider.is_middleware() {
        suite.add(seen.passed_on.check())?;
    }
    suite.add(seen.times.check(max_time))
}

/// Of what cannot be looked at without an instance, that it was not.
pub(super) fn skip(suite: &mut Suite, vectors: &[Vector], role: Role) -> anyhow::Result<()> {
    let forwards = (role == Role::Middleware).then_some("forwards");
    let names = vectors.iter().map(|vector| &*vector.name);
    let last = ["exposition"].into_iter().chain(forwards);
    for name in names.chain(last).chain(["time-per-record"]) {
        suite.add(Check::new(name, Verdict::skipped("it does not start")))?;
    }
    Ok(())
}

/// Whether there can be an instance at all, and how much memory it has.
async fn starts(setting: &Setting) -> anyhow::Result<Check> {
    let began = Instant::now();
    let check = match Subject::start(setting, true) {
        Ok(subject) => {
            let memory = subject.status().memory;
            subject.stop().await;
            Check::new("starts", Verdict::Passed)
                .note(format!("with {} of memory", ByteSize::b(memory)))
                .figure("memory_bytes", memory as f64)
        }
        Err(error) => {
            setting.untested(&error)?;
            let fault = Fault::new(
                "an instance can be made of it",
                error.to_string(),
                "if it lacks what is not granted, grant it with --grant; for more memory, use --memory",
            );
            Check::new("starts", Verdict::Failed(fault))
        }
    };
    Ok(check.took(began.elapsed()))
}

impl Seen {
    /// Why a vector is not run.
    fn obstacle(&mut self, vector: &Vector, siblings: Siblings) -> Option<String> {
        if let Some(after) = &vector.after
            && self.blocked.contains(after)
        {
            self.blocked.push(vector.name.clone());
            return Some(format!("`{after}` was not passed"));
        }
        if let Some(hung) = &self.hung {
            return Some(format!("a call did not return in `{hung}`"));
        }
        let missing = vector
            .needs
            .iter()
            .find(|needed| !has(siblings, **needed))?;
        Some(format!("it does not export `{}`", name(*missing)))
    }

    /// What a vector's outcome means, given those before.
    fn judge(&mut self, vector: &Vector, outcome: &Outcome) -> Verdict {
        self.texts += outcome.texts;
        self.passed_on.add(outcome);
        if let Some(malformed) = &outcome.malformed {
            let first = || (malformed.clone(), vector.name.clone());
            self.malformed.get_or_insert_with(first);
        }
        let Some(fault) = &outcome.fault else {
            return match (&outcome.undecided, &outcome.malformed) {
                (Some(undecided), _) => Verdict::skipped(undecided),
                (None, Some(_)) => {
                    Verdict::skipped("what it exposes cannot be read: see `exposition`")
                }
                (None, None) => Verdict::Passed,
            };
        };
        let Some(stop) = &outcome.stop else {
            return Verdict::Failed(fault.clone());
        };
        if stop.timed_out() {
            self.hung.get_or_insert(vector.name.clone());
        }
        // A fault that keeps it from more than one end is told once.
        let cause = stop.cause();
        if let Some((_, first)) = self.causes.iter().find(|(known, _)| *known == cause) {
            return Verdict::skipped(format!("as in `{first}`, {cause}"));
        }
        self.causes.push((cause, vector.name.clone()));
        Verdict::Failed(fault.clone())
    }
}

async fn run(
    vector: &Vector,
    setting: &Setting,
    rules: &Rules,
    seen: &mut Seen,
) -> anyhow::Result<Check> {
    // What takes records in batches takes them one by one as well, when it is composed.
    let both = setting.provider.siblings().batch && records(vector) && !vector.has_rounds();
    let ways: &[bool] = if both { &[true, false] } else { &[true] };
    let mut check = Check::new(&*vector.name, Verdict::Passed);
    let mut notes = Vec::new();
    for &batches in ways {
        let subject = match Subject::start(setting, batches) {
            Ok(subject) => subject,
            Err(error) => {
                setting.untested(&error)?;
                let seen = format!("the first one could, and this one: {error}");
                let fix = "leave nothing behind that keeps another instance from starting";
                let fault = Fault::new("an instance can be made of it again", seen, fix);
                check.verdict = Verdict::Failed(fault);
                break;
            }
        };
        let mut outcome = Scenario::run(vector, &subject, rules).await?;
        if both && let Some(fault) = &mut outcome.fault {
            let way = if batches {
                "in batches"
            } else {
                "record by record"
            };
            fault.seen = format!("{way}: {}", fault.seen);
        }
        check.verdict = seen.judge(vector, &outcome);
        note(&mut check, &mut notes, &outcome, batches);
        if outcome.fault.is_none() {
            seen.times.add(vector, &outcome, batches);
        }
        if !matches!(check.verdict, Verdict::Passed) {
            break;
        }
    }
    if check.failed() {
        seen.blocked.push(vector.name.clone());
    }
    check.note = notes.join("; ");
    Ok(check)
}

fn note(check: &mut Check, notes: &mut Vec<String>, outcome: &Outcome, batches: bool) {
    let records = outcome.given.total();
    if let Some(growth) = &outcome.growth {
        notes.push(growth.described());
        let figure = match growth.unit() {
            "record" => "bytes_per_record",
            _ => "bytes_per_scrape",
        };
        check.figures.insert(figure, growth.slope());
    } else if let Some(all) = outcome.shortened {
        let way = if batches { "" } else { "record by record: " };
        notes.push(format!("{way}{records} of {all} records, within --budget"));
    } else if batches && records > 0 {
        notes.push(format!("{records} records"));
    }
    let figure = if batches {
        "records"
    } else {
        "records_one_by_one"
    };
    check.figures.insert(figure, records as f64);
    for note in &outcome.notes {
        if !notes.contains(note) {
            notes.push(note.clone());
        }
    }
}

/// Whether what it exposes is a text of the kind that it has to be.
fn exposition(seen: &Seen, siblings: Siblings) -> Check {
    let verdict = match &seen.malformed {
        _ if !siblings.exposition => Verdict::skipped("it does not export `exposition`"),
        None if seen.texts == 0 => Verdict::skipped("no scrape has returned"),
        None => Verdict::Passed,
        Some((malformed, vector)) => Verdict::Failed(Fault::new(
            "OpenMetrics 1.0 text",
            format!("in `{vector}`: {malformed}"),
            "write the text as OpenMetrics 1.0 has it: https://prometheus.io/docs/specs/om/open_metrics_spec/",
        )),
    };
    Check::new("exposition", verdict).note(match seen.texts {
        0 => String::new(),
        texts => format!("{texts} texts read"),
    })
}

fn records(vector: &Vector) -> bool {
    let steps = &mut vector.steps.iter();
    steps.any(|step| matches!(step, Step::Record { .. }))
}

fn has(siblings: Siblings, needed: Sibling) -> bool {
    match needed {
        Sibling::Batch => siblings.batch,
        Sibling::Lifecycle => siblings.lifecycle,
        Sibling::Exposition => siblings.exposition,
        Sibling::Accounting => siblings.accounting,
    }
}

const fn name(sibling: Sibling) -> &'static str {
    match sibling {
        Sibling::Batch => "batch",
        Sibling::Lifecycle => "lifecycle",
        Sibling::Exposition => "exposition",
        Sibling::Accounting => "accounting",
    }
}
