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
use solti_metrics_tests::reference_tool::ReferenceTool;
use solti_metrics_tests::toolchains::{Example, are_all, examples};
use solti_metrics_tests::trial::{Trial, trial};

mod backend;
mod cell;
mod durations;
mod route;

use backend::{Destination, Loaded};
use route::Route;

/// Minimum number of cells of a complete matrix.
const CELLS: usize = 220;

pub(crate) fn trials() -> Result<Vec<Trial>> {
    let examples = examples()?;
    let providers = Providers::builder()
        .artifacts(cached_code::artifacts()?)
        .build()?;
    let loaded = |component: ReferenceTool| Arc::new(Loaded::new(&providers, component));
    let middleware = loaded(ReferenceTool::example("rust", "middleware"));

    let mut destinations = vec![Destination::Prometheus];
    for example in examples.iter().filter(|example| example.role == "provider") {
        destinations.push(Destination::Provider(
            example.clone(),
            loaded(example.component()),
        ));
    }
    let (mut trials, mut cells) = (Vec::new(), 0);
    for reporter in examples.iter().filter(|example| example.role == "reporter") {
        for destination in &destinations {
            for route in Route::all(&middleware) {
                trials.push(cell(reporter, route, destination));
                cells += 1;
            }
        }
    }
    for destination in &destinations {
        for route in Route::all(&middleware) {
            trials.push(longest_durations(route, destination));
        }
    }
    trials.push(trial("every_cell_is_there", move || {
        let all = are_all(&examples);
        all.and_then(|()| enough(cells))
    }));
    Ok(trials)
}

fn cell(reporter: &Example, route: Route, destination: &Destination) -> Trial {
    let name = format!("{}::{route}::{destination}", reporter.toolchain);
    let (example, to) = (reporter.clone(), destination.clone());
    let component = reporter.component();
    destination
        .needed_beside(component)
        .trial(&name, move |component| {
            example.is_of_today(component)?;
            cell::check(component, &route, &to)
        })
}

fn longest_durations(way: Way, receiver: &Receiver) -> Trial {
    let name = format!("longest_durations::{way}::{receiver}");
    let to = receiver.clone();
    let nothing = ReferenceTool::Here("".into());
    receiver
        .needed_beside(nothing)
        .trial(&name, move |_: &Path| durations::check(&route, &to))
}

fn enough(cells: usize) -> Result<()> {
    ensure!(cells >= CELLS, "{cells} cells of at least {CELLS}");
    Ok(())
}
