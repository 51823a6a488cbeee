//! `sampler.wasm` and `rename.wasm`: they forward exactly the records that their pages
//! describe.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, ensure};
use solti_metrics::{Event, MemoryMetrics, RunnerType};
use solti_metrics_host::DropReason;
use solti_metrics_host::provider::Grants;
use solti_metrics_host::wasi::Output;
use solti_metrics_tests::script::script;
use solti_metrics_tests::trial::{Trial, trial};

use crate::backends::tested_provider::{TestedProvider, only_dropped};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial(
            "sampler_forwards_each_nth_record_and_accounts_for_the_others",
            sampler,
        ),
        trial("rename_forwards_all_records_under_the_other_name", rename),
        trial("middlewares_in_a_chain_all_take_effect", in_a_row),
        trial("a_setting_that_makes_no_sense_is_named_on_stderr", nonsense),
    ]
}

fn sampler() -> Result<()> {
    let next = Arc::new(MemoryMetrics::new());
    for (setting, keep) in [(Some("1"), 1), (Some("3"), 3), (None, 10)] {
        next.clear();
        let grants = Grants::new();
        let grants = match setting {
            Some(keep) => grants.env("SAMPLER_KEEP", keep),
            None => grants,
        };
        let sampler = TestedProvider::with("sampler", &grants, |options| {
            options.next = Some(next.clone());
        })?;
        let recorded = script().repeat(4);
        sampler.record(&recorded);
        let expected = sampled(&recorded, keep);
        let status = sampler.stop()?;
        ensure!(next.events() == expected, "{setting:?}");
        let gone = recorded.len() - expected.len();
        only_dropped(&status.ledger, recorded.len(), DropReason::Sampled, gone)?;
        let forwarded = status.forwarded.map(|f| (f.accepted(), f.delivered()));
        let expected = expected.len() as u64;
        ensure!(forwarded == Some((expected, expected)), "{forwarded:?}");
    }
    Ok(())
}

/// The first of each `keep` completions with the same labels.
fn sampled(events: &[Event], keep: u64) -> Vec<Event> {
    let mut seen = BTreeMap::new();
    let mut kept = events.to_vec();
    kept.retain(|event| match event {
        Event::TaskCompleted {
            runner, outcome, ..
        } => {
            let seen = seen.entry((*runner as u8, *outcome as u8)).or_insert(0);
            *seen += 1;
            (*seen - 1) % keep == 0
        }
        _ => true,
    });
    kept
}

fn rename() -> Result<()> {
    let next = Arc::new(MemoryMetrics::new());
    let replacing = Grants::new().env("RENAME", "wasm=container, container=wasm");
    let rename = Subject::with("rename", &replacing, |options| {
        options.next = Some(next.clone());
    })?;
    rename.record(&script());
    rename.stop_without_loss(script().len())?;
    let expected: Vec<_> = script().into_iter().map(replaced).collect();
    ensure!(next.events() == expected);
    ensure!(expected != script());
    Ok(())
}

fn replaced(event: Event) -> Event {
    let other = match event.runner() {
        RunnerType::Wasm => RunnerType::Container,
        RunnerType::Container => RunnerType::Wasm,
        runner => runner,
    };
    let mut event = event;
    match &mut event {
        Event::TaskStarted { runner }
        | Event::TaskCompleted { runner, .. }
        | Event::RunnerError { runner, .. } => *runner = other,
        _ => {}
    }
    event
}

fn in_a_row() -> Result<()> {
    let next = Arc::new(MemoryMetrics::new());
    let replacing = Grants::new().env("RENAME", "wasm=container,container=wasm");
    let rename = Subject::with("rename", &replacing, |options| {
        options.next = Some(next.clone());
    })?;
    let keeping = Grants::new().env("SAMPLER_KEEP", "2");
    let sampler = TestedProvider::with("sampler", &keeping, |options| {
        options.next = Some(rename.handle());
    })?;
    let recorded = script().repeat(3);
    sampler.record(&recorded);
    // The first middleware stops first: it hands its last records to the second.
    let status = sampler.stop()?;
    let expected: Vec<_> = sampled(&recorded, 2).into_iter().map(replaced).collect();
    let gone = recorded.len() - expected.len();
    only_dropped(&status.ledger, recorded.len(), DropReason::Sampled, gone)?;
    rename.stop_without_loss(expected.len())?;
    ensure!(next.events() == expected);
    Ok(())
}

fn nonsense() -> Result<()> {
    for (name, variable, value) in [
        ("sampler", "SAMPLER_KEEP", "0"),
        ("rename", "RENAME", "vm=wasm"),
    ] {
        let next = Arc::new(MemoryMetrics::new());
        let stderr = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&stderr);
        let setting = Grants::new().env(variable, value);
        let middleware = TestedProvider::with(name, &setting, |options| {
            options.next = Some(next.clone());
            options.stderr = Output::To(Arc::new(move |bytes| {
                let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
                heard.extend_from_slice(bytes);
            }));
        })?;
        middleware.record(&script()[..1]);
        middleware.settle()?;
        let status = middleware.stop()?;
        only_dropped(&status.ledger, 1, DropReason::BackendTrapped, 1)?;
        let failure = status.last_failure.as_ref().map(ToString::to_string);
        let trapped = failure.is_some_and(|failure| failure.starts_with("trapped: "));
        ensure!(trapped, "{status:?}");
        ensure!(next.events().is_empty(), "{:?}", next.events());
        let heard = stderr.lock().unwrap_or_else(PoisonError::into_inner);
        let said = String::from_utf8_lossy(&heard);
        ensure!(said.contains(&format!("{variable}={value:?}: ")), "{said}");
    }
    Ok(())
}
