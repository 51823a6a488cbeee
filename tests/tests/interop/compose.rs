//! A guest, middlewares and a provider become one component. It runs without a metrics
//! host: under our own runner without a backend, and under another project's runtime.

use anyhow::Result;
use solti_metrics_tests::reference_tool::ReferenceTool;
use solti_metrics_tests::trial::{Trial, trial};

use runtimes::Runtime;

mod composed;
mod outside;
mod rejected;
mod runs;
mod runtimes;
mod small;

pub(crate) fn trials() -> Result<Vec<Trial>> {
    let python = ReferenceTool::wasmtime_py();
    let mut trials = Vec::new();
    for &(name, check) in runs::CHECKS {
        trials.push(trial(format!("ours::{name}"), move || {
            check(&Runtime::Ours)
        }));
        trials.push(python.trial(&format!("wasmtime_py::{name}"), move |path| {
            check(&Runtime::Python(path.into()))
        }));
    }
    for (name, check) in CHECKS {
        trials.push(trial(name, check));
    }
    Ok(trials)
}

type Check = fn() -> Result<()>;

const CHECKS: [(&str, Check); 12] = [
    (
        "all_imports_except_the_metrics_remain",
        outside::no_metrics_are_imported,
    ),
    (
        "the_guests_exports_the_flush_and_the_scrape_remain",
        outside::exports,
    ),
    ("each_example_can_be_composed", outside::every_example),
    ("a_composition_can_be_scraped", outside::scraped),
    ("compatible_versions_connect", outside::versions_of_a_line),
    ("imports_of_the_same_name_are_merged", outside::merged),
    ("the_same_parts_make_the_same_bytes", outside::reproducible),
    (
        "all_components_that_hold_records_are_flushed_at_once",
        outside::flushed_from_outside,
    ),
    (
        "components_that_do_not_fit_are_rejected_with_advice",
        rejected::all,
    ),
    ("an_unsupported_composition_is_an_error", rejected::odd),
    ("damaged_components_always_have_a_result", rejected::damaged),
    ("unsuitable_files_are_named", rejected::files),
];
