//! `conformance` of guests: its description of their records, and the failing check.

use std::process::Command;

use anyhow::{Result, ensure};
use serde_json::json;
use solti_metrics_tests::artifact::{WASI, artifact};
use solti_metrics_tests::guest::component;

use crate::cli::conformance_report::{check, failed, report};
use crate::cli::faulty;
use crate::cli::test_folder::{TestFolder, digest};

const START: &str = "(call $started (i32.const 2))";
const END: &str = "(call $completed (i32.const 2) (i32.const 0) (i64.const 5))";

#[test]
fn the_records_of_a_guest_are_reported_by_label() -> Result<()> {
    let place = TestFolder::with_files(&["a", "b"])?;
    let (end, report) = report(&place, &digest(), &["--dir", ".", "--", "in"])?;
    ensure!(end.code == Some(0), "{end}");
    ensure!(failed(&report)?.is_empty(), "{end}");
    ensure!(report["suites"][0]["role"] == "guest", "{end}");
    let row = |record, label, count| json!({ "record": record, "runner": "wasm", "label": label, "count": count });
    let rows = &report["suites"][0]["records"];
    ensure!(
        *rows
            == json!([
                row("started", None, 2),
                row("completed", Some("success"), 2),
            ]),
        "{rows}"
    );
    for name in [
        "runs",
        "records",
        "pairs",
        "durations",
        "both-modes",
        "quota",
    ] {
        ensure!(check(&report, name)?["result"] == "passed", "{name}\n{end}");
    }
    let quota = check(&report, "quota")?["note"].as_str();
    ensure!(
        quota.is_some_and(|note| note.ends_with("2 of 4 records dropped")),
        "{end}"
    );
    Ok(())
}

#[test]
fn a_guest_without_records_conforms_with_advice_about_arguments() -> Result<()> {
    let hello = artifact("hello", WASI).display().to_string();
    let (end, report) = report(&TestFolder::new()?, &hello, &[])?;
    ensure!(end.code == Some(0), "{end}");
    let records = check(&report, "records")?;
    let reason = records["reason"].as_str().unwrap_or_default();
    ensure!(reason.contains("arguments after --"), "{records}");
    Ok(())
}

#[test]
fn unpaired_records_fail_unless_they_are_allowed() -> Result<()> {
    for (main, words) in [
        (START.to_owned(), "wasm: 1 started without a completion"),
        (END.to_owned(), "wasm: 1 completed without a start"),
        (
            format!("{END} {START}"),
            "wasm: 1 completed without a start",
        ),
    ] {
        let guest = guest(&main)?;
        fails(&guest, &[], "pairs", words)?;
        let (end, _) = report(
            &TestFolder::with(&guest)?,
            "guest.wasm",
            &["--allow-unpaired"],
        )?;
        ensure!(end.code == Some(0), "{main}\n{end}");
    }
    Ok(())
}

#[test]
fn a_guest_with_another_unit_fails_durations() -> Result<()> {
    let ages = "(call $completed (i32.const 2) (i32.const 0) (i64.const -1))";
    fails(
        &guest(&format!("{START} {ages}"))?,
        &[],
        "durations",
        "1 of 2 records",
    )
}

#[test]
fn a_guest_that_traps_or_does_not_end_fails_runs() -> Result<()> {
    fails(
        &guest(&format!("{START} unreachable"))?,
        &[],
        "runs",
        "the guest trapped",
    )?;
    // The command counts any number of records and does not store them.
    let ever = guest(&format!("(loop $ever {START} {END} (br $ever))"))?;
    fails(
        &ever,
        &["--timeout", "300ms"],
        "runs",
        "exceeded its deadline of 300ms",
    )?;
    let library = component("(module)")?;
    let place = TestFolder::with(&library)?;
    let end = place.run(&["conformance", "guest.wasm"])?;
    let nothing = "neither imports nor exports `solti:metrics/backend`";
    ensure!(end.code == Some(1) && end.stderr.contains(nothing), "{end}");
    Ok(())
}

#[test]
fn a_program_that_is_also_a_middleware_is_tested_as_both() -> Result<()> {
    let raises = include_str!("../../../raises/raises.wat").replace("0.2.0#run", "0.2.12#run");
    let (end, report) = report(&TestFolder::with(&component(&raises)?)?, "guest.wasm", &[])?;
    let roles: Vec<_> = report["suites"].as_array().into_iter().flatten().collect();
    let roles: Vec<_> = roles.iter().map(|suite| &suite["role"]).collect();
    ensure!(roles == ["guest", "middleware"], "{end}");
    // The guest traps in `main`, and the middleware traps at its third record.
    let failed: Vec<_> = failed(&report)?
        .iter()
        .map(|it| it["name"].clone())
        .collect();
    ensure!(failed == ["runs", "takes-records"], "{end}");
    Ok(())
}

#[test]
fn an_option_for_another_role_is_wrong_use() -> Result<()> {
    let place = TestFolder::with(&guest(START)?)?;
    place.write("provider.wasm", &faulty::provider()?)?;
    for (file, option, value) in [
        ("guest.wasm", "--grant", "env=A=1"),
        ("provider.wasm", "--env", "A=1"),
        ("provider.wasm", "--", "argument"),
    ] {
        let end = place.run(&["conformance", file, option, value])?;
        ensure!(end.code == Some(2) && end.stdout.is_empty(), "{end}");
        ensure!(
            end.stderr.starts_with(&format!("error: {file}: is ")),
            "{end}"
        );
    }
    Ok(())
}

#[test]
fn the_text_has_a_line_for_each_check_and_its_reason_below() -> Result<()> {
    let place = TestFolder::with(&guest(START)?)?;
    let end = place.run(&["conformance", "guest.wasm"])?;
    let expected = "\
guest.wasm · guest of solti:metrics@0.1.0
  ✓ runs               the guest exited with code 0; recording mode inline
  ✓ records            1: wasm started 1
  ✗ pairs
      expected  each completion has an earlier start of the same runner, and each start a completion
      seen      wasm: 1 started without a completion
      fix       record the start and then the completion of each task; for a guest that records only one of them, use --allow-unpaired
  ✓ durations
  ✓ both-modes
  ✓ quota              quota of 0: the guest exited with code 0; 1 of 1 records dropped
guest.wasm does not conform: 1 failed, 5 passed
";
    ensure!(end.code == Some(1) && end.stderr.is_empty(), "{end}");
    ensure!(end.stdout == expected, "{end}");
    Ok(())
}

#[test]
fn junit_is_xml_for_any_text_of_a_component() -> Result<()> {
    // The exposition ends a line within the value of a label.
    let component = faulty::without(r#""\22} ""#, r#""<\27&> ""#)?;
    let place = TestFolder::new()?;
    place.write("a&b.wasm", &component)?;
    let end = place.run(&[
        "conformance",
        "--records",
        "10",
        "--format",
        "junit",
        "a&b.wasm",
    ])?;
    ensure!(end.code == Some(1) && end.stderr.is_empty(), "{end}");
    place.write("report.xml", end.stdout.as_bytes())?;
    let read = "
import xml.etree.ElementTree as tree
all = tree.parse('report.xml').getroot()
cases = all.findall('testsuite/testcase')
failures = all.findall('testsuite/testcase/failure')
skipped = all.findall('testsuite/testcase/skipped')
assert (all.tag, all.get('name')) == ('testsuites', 'a&b.wasm'), all.attrib
counts = [int(all.get(name)) for name in ('tests', 'failures', 'skipped')]
assert counts == [len(cases), len(failures), len(skipped)], counts
assert len(failures) == 1 and 'subprocess<\\'&> 0' in failures[0].get('message'), failures[0].attrib
assert [case.get('name') for case in cases][0] == 'starts'
";
    let python = Command::new("python3")
        .args(["-c", read])
        .current_dir(place.path("."))
        .output()?;
    ensure!(python.status.success(), "{python:?}\n{end}");
    Ok(())
}

fn guest(main: &str) -> Result<Vec<u8>> {
    component(&format!(
        r#"(module
        (import "solti:metrics/backend@0.1.0" "record-task-started" (func $started (param i32)))
        (import "solti:metrics/backend@0.1.0" "record-task-completed"
            (func $completed (param i32 i32 i64)))
        (func (export "wasi:cli/run@0.2.12#run") (result i32) {main} i32.const 0))"#
    ))
}

fn fails(guest: &[u8], options: &[&str], name: &str, words: &str) -> Result<()> {
    let (end, report) = report(&TestFolder::with(guest)?, "guest.wasm", options)?;
    let failed = failed(&report)?;
    let names: Vec<_> = failed.iter().map(|check| &check["name"]).collect();
    ensure!(end.code == Some(1) && names == [name], "{names:?}\n{end}");
    let seen = failed[0]["seen"].as_str().unwrap_or_default();
    ensure!(seen.contains(words), "{seen}");
    Ok(())
}
