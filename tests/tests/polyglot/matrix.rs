//! Each reporter of `guest/examples/`, directly and through a middleware, into each
//! backend: our Prometheus backend, and each provider. With the same calls, all cells have
//! the same series. The name of a cell has all three parts:
//!
//! ```text
//! make matrix ONLY=python::               the reporter in Python
//! make matrix ONLY=direct::zig            all reporters into the provider in Zig
//! make matrix ONLY=c::through_middleware::go
//! ```

use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, ensure};
use solti_metrics_host::provider::Providers;
use solti_metrics_tests::kept;
use solti_metrics_tests::oracle::Oracle;
use solti_metrics_tests::toolchains::{Example, are_all, examples};
use solti_metrics_tests::trial::{Trial, trial};

mod backend;
mod cell;
mod durations;
mod way;

use backend::{Loaded, Receiver};
use way::Way;

/// Minimum number of cells of a complete matrix.
const CELLS: usize = 220;

pub(crate) fn trials() -> Result<Vec<Trial>> {
    let examples = examples()?;
    let providers = Providers::new()?.artifacts(kept::artifacts()?);
    let loaded = |component: Oracle| Arc::new(Loaded::new(&providers, component));
    let middleware = loaded(Oracle::example("rust", "middleware"));

    let mut receivers = vec![Receiver::Prometheus];
    for example in examples.iter().filter(|example| example.role == "provider") {
        receivers.push(Receiver::Provider(
            example.clone(),
            loaded(example.component()),
        ));
    }
    let (mut trials, mut cells) = (Vec::new(), 0);
    for reporter in examples.iter().filter(|example| example.role == "reporter") {
        for receiver in &receivers {
            for way in Way::all(&middleware) {
                trials.push(cell(reporter, way, receiver));
                cells += 1;
            }
        }
    }
    for receiver in &receivers {
        for way in Way::all(&middleware) {
            trials.push(longest_durations(way, receiver));
        }
    }
    trials.push(trial("every_cell_is_there", move || {
        let all = are_all(&examples);
        all.and_then(|()| enough(cells))
    }));
    Ok(trials)
}

fn cell(reporter: &Example, way: Way, receiver: &Receiver) -> Trial {
    let name = format!("{}::{way}::{receiver}", reporter.toolchain);
    let (example, to) = (reporter.clone(), receiver.clone());
    let component = reporter.component();
    receiver
        .needed_beside(component)
        .trial(&name, move |component| {
            example.is_of_today(component)?;
            cell::check(component, &way, &to)
        })
}

fn longest_durations(way: Way, receiver: &Receiver) -> Trial {
    let name = format!("longest_durations::{way}::{receiver}");
    let to = receiver.clone();
    let nothing = Oracle::Here("".into());
    receiver
        .needed_beside(nothing)
        .trial(&name, move |_: &Path| durations::check(&way, &to))
}

fn enough(cells: usize) -> Result<()> {
    ensure!(cells >= CELLS, "{cells} cells of at least {CELLS}");
    Ok(())
}
