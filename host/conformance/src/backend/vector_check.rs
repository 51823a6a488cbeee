//! Runs one vector, in batches and one by one.

use super::instance_factory::{InstanceFactory, InstanceFailure};
use super::observations::Observations;
use super::outcome::{VectorOutcome, VectorRules};
use super::scenario;
use crate::check::{Check, Fault, Verdict};
use crate::error::Error;
use crate::options::TestOptions;
use crate::term::Term;
use crate::vector::Vector;

/// Runs a vector once for each way to deliver records.
pub(super) async fn run(
    vector: &Vector,
    factory: &InstanceFactory,
    rules: &VectorRules<'_>,
    seen: &mut Observations,
) -> Result<Check, Error> {
    // A component that accepts batches gets records one by one when it is composed.
    let both = factory.optional_interfaces().batch && vector.has_records() && !vector.has_rounds();
    let ways: &[bool] = if both { &[true, false] } else { &[true] };
    let mut check = Check::new(&*vector.name, Verdict::Passed);
    let mut notes = Vec::new();
    for &batches in ways {
        let instance = match factory.start(batches) {
            Ok(instance) => instance,
            Err(InstanceFailure::Error(error)) => return Err(error),
            Err(InstanceFailure::Fault(reason)) => {
                let seen = format!("the first instance started, and this one did not: {reason}");
                let fix = "leave no state behind that prevents the start of another instance";
                let fault = Fault::new("another instance starts", seen, fix);
                check.verdict = Verdict::Failed(fault);
                break;
            }
        };
        let mut outcome = scenario::run(vector, &instance, rules).await?;
        if both && let Some(fault) = &mut outcome.fault {
            let way = if batches { "in batches" } else { "one by one" };
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
    outcome: &VectorOutcome,
    options: &TestOptions,
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
        let way = if batches { "" } else { "one by one: " };
        let budget = options.term(Term::Budget);
        notes.push(format!("{way}{records} of {all} records within {budget}"));
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
