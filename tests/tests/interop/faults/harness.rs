//! Tests of the harness itself: its checks find their faults.

use std::fs;

use anyhow::{Result, bail, ensure};
use solti_metrics_host::component::{Inspection, Interface};
use solti_metrics_tests::guest;
use solti_metrics_tests::trial::{Trial, trial};

use crate::faults::case::{Case, Counts};
use crate::faults::report::Report;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("harness::a_fixture_has_only_used_exports", fixture),
        trial("harness::a_folder_without_a_case_fails", no_case),
        trial("harness::an_unknown_key_fails", unknown_key),
        trial("harness::a_case_without_a_report_expects_none", unasked),
        trial("harness::a_ledger_that_does_not_balance_fails", unbalanced),
    ]
}

fn fixture() -> Result<()> {
    let names = |interfaces: &[Interface]| -> Vec<String> {
        interfaces.iter().map(ToString::to_string).collect()
    };
    let guest = Inspection::of("guest", &guest::component(GUEST)?)?;
    ensure!(names(&guest.imports) == METRICS, "{guest:?}");
    ensure!(
        names(&guest.exports) == ["wasi:cli/run@0.2.12"],
        "{guest:?}"
    );

    let nothing = Inspection::of("nothing", &guest::component("(module)")?)?;
    ensure!(nothing.imports.is_empty(), "{nothing:?}");
    ensure!(nothing.exports.is_empty(), "{nothing:?}");
    Ok(())
}

const METRICS: [&str; 2] = ["solti:metrics/types@0.1.0", "solti:metrics/backend@0.1.0"];

const GUEST: &str = r#"(module
  (import "solti:metrics/backend@0.1.0" "record-task-started" (func (param i32)))
  (func (export "wasi:cli/run@0.2.12#run") (result i32) i32.const 0))"#;

fn no_case() -> Result<()> {
    let folder = tempfile::tempdir()?;
    must_fail(Case::read(folder.path()), "case.toml")
}

fn unknown_key() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let case = "why = 'one'\nargs = []\nstatus = 0\nstdrr = ['a typo']\n";
    fs::write(folder.path().join("case.toml"), case)?;
    must_fail(Case::read(folder.path()), "stdrr")
}

fn unasked() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let case = "why = 'one'\nargs = []\nstatus = 0\nerrors = { 'wasm/spawn_failed' = 1 }\n";
    fs::write(folder.path().join("case.toml"), case)?;
    must_fail(Case::read(folder.path()), "--format json")
}

fn unbalanced() -> Result<()> {
    for (accepted, dropped, in_flight, balances) in [
        (3, 1, 0, true),
        (3, 0, 0, false),
        (4, 1, 0, false),
        (4, 1, 1, false),
    ] {
        let ledger = serde_json::json!({
            "accepted": accepted, "delivered": 2, "clamped": 0,
            "in_flight": in_flight, "dropped": { "quota": dropped },
        });
        let report = serde_json::json!({
            "schema": "solti-metrics/run@1", "started": [], "tasks": [], "errors": [],
            "ledger": { "guests": ledger, "runner": ledger },
        });
        let report = Report::parse(&report.to_string())?;
        let found = report.ledger.guests.must_balance("the guests").is_ok();
        ensure!(found == balances, "{report:?}");
        ensure!(report.tasks() == Counts::new());
    }
    Ok(())
}

fn must_fail<T>(result: Result<T>, for_reason: &str) -> Result<()> {
    let Err(error) = result else {
        bail!("the case passes");
    };
    let error = format!("{error:#}");
    ensure!(
        error.contains(for_reason),
        "the case fails for another reason: {error}"
    );
    Ok(())
}
