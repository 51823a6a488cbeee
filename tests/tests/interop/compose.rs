//! A guest, middlewares and a provider become one component. It runs without a metrics
//! host: under our own runner without a backend, and under another project's runtime.

use anyhow::Result;
use solti_metrics_tests::oracle::Oracle;
use solti_metrics_tests::trial::{Trial, trial};

use runtimes::Runtime;

mod outside;
mod refused;
mod runs;
mod runtimes;
mod small;

pub(crate) fn trials() -> Result<Vec<Trial>> {
    let python = Oracle::wasmtime_py();
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
        "nothing_of_metrics_is_imported_and_all_else_is",
        outside::no_metrics_are_imported,
    ),
    (
        "a_guests_exports_remain_and_a_flush_and_a_scrape",
        outside::exports,
    ),
    ("every_example_can_take_part", outside::every_example),
    ("a_composition_can_be_scraped", outside::scraped),
    ("versions_of_one_line_connect", outside::versions_of_a_line),
    ("imports_of_one_name_are_merged", outside::merged),
    ("the_same_parts_make_the_same_bytes", outside::reproducible),
    (
        "all_that_keep_records_are_flushed_at_once",
        outside::flushed_from_outside,
    ),
    ("what_does_not_fit_is_refused_with_advice", refused::all),
    ("what_the_library_cannot_do_is_an_error", refused::odd),
    ("damaged_parts_are_answered", refused::damaged),
    ("files_that_are_no_parts_are_named", refused::files),
];
