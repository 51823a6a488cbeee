//! Runs one vector, with batches and without.

use super::outcome::{Outcome, Rules};
use super::scenario;
use super::seen::Seen;
use super::setting::{Setting, StartFailed};
use crate::check::{Check, Fault, Verdict};
use crate::error::Error;
use crate::options::Options;
use crate::term::Term;
use crate::vector::Vector;

/// Runs a vector in each way in which records can be handed over.
pub(super) async fn run(
    vector: &Vector,
    setting: &Setting,
    rules: &Rules<'_>,
    seen: &mut Seen,
) -> Result<Check, Error> {
    // What takes records in batches takes them one by one as well, when it is composed.
    let both = setting.optional_interfaces().batch && vector.has_records() && !vector.has_rounds();
    let ways: &[bool] = if both { &[true, false] } else { &[true] };
    let mut check = Check::new(&*vector.name, Verdict::Passed);
    let mut notes = Vec::new();
    for &batches in ways {
        let instance = match setting.start(batches) {
            Ok(instance) => instance,
            Err(StartFailed::Error(error)) => return Err(error),
            Err(StartFailed::Fault(reason)) => {
                let seen = format!("the first one could, and this one: {reason}");
                let fix = "leave nothing behind that keeps another instance from starting";
                let fault = Fault::new("an instance can be made of it again", seen, fix);
                check.verdict = Verdict::Failed(fault);
                break;
            }
        };
        let mut outcome = scenario::run(vector, &instance, rules).await?;
        if both && let Some(fault) = &mut outcome.fault {
            let way = if batches {
                "in batches"
            } else {
                "record by record"
            };
            fault.seen = format!("{way}: {}", fault.seen);
        }
        check.verdict = seen.judge(vector, &outcome);
        note(&mut check, &mut notes, &outcome, rules.options, batches);
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

fn note(
    check: &mut Check,
    notes: &mut Vec<String>,
    outcome: &Outcome,
    options: &Options,
    batches: bool,
) {
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
        let budget = options.term(Term::Budget);
        notes.push(format!("{way}{records} of {all} records, within {budget}"));
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
