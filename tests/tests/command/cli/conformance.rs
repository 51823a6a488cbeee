//! `conformance` of providers and middlewares: correct components pass, and each fault
//! fails exactly the check for that fault.

use anyhow::{Result, ensure};
use solti_metrics_tests::artifact::{BARE, WASI, artifact};

use crate::cli::conformance_report::{QUICK, check, failed, fails, report, report_of, with_result};
use crate::cli::faulty::{
    COMPLETED, ERROR, EXPOSE, GLOBALS, STARTED, batching, counting, flushed_once, middleware,
    provider, with, without,
};
use crate::cli::test_folder::TestFolder;

/// Loses one label: a container's `backend_config_failed`.
const LOST: &str = "(if (i32.eq (call $pair (local.get $runner) (local.get $error)) (i32.const 5))
    (then (return)))";

#[test]
fn the_examples_conform() -> Result<()> {
    for (name, target) in [
        ("provider", WASI),
        ("provider", BARE),
        ("lines", WASI),
        ("middleware", WASI),
        ("rename", WASI),
        ("sampler", WASI),
    ] {
        let place = TestFolder::new()?;
        let file = artifact(name, target).display().to_string();
        let (end, report) = report(&place, &file, &QUICK)?;
        ensure!(
            end.code == Some(0) && end.stderr.is_empty(),
            "{name}\n{end}"
        );
        ensure!(report["conforms"] == true, "{end}");
        ensure!(failed(&report)?.is_empty(), "{end}");
    }
    Ok(())
}

#[test]
fn a_provider_written_by_hand_conforms_and_missing_interfaces_are_skipped() -> Result<()> {
    let (end, report) = report_of(&provider()?, &QUICK)?;
    ensure!(end.code == Some(0), "{end}");
    let skipped = with_result(&report, "skipped")?;
    ensure!(skipped.len() == 1, "{skipped:?}");
    ensure!(skipped[0]["name"] == "flush-twice", "{skipped:?}");
    let reason = "the component does not export `lifecycle`";
    ensure!(skipped[0]["reason"] == reason, "{skipped:?}");
    Ok(())
}

#[test]
fn a_provider_that_loses_a_label_fails_every_label() -> Result<()> {
    let component = with(&[(ERROR, LOST)])?;
    let series = r#"solti_runner_errors_total{error="backend_config_failed",runner="container"} 1"#;
    fails(&component, &[], "every-label", &[series, "0"])
}

#[test]
fn a_provider_that_requires_starts_fails_any_order() -> Result<()> {
    let open = "(i32.add (i32.const 0x6c0) (i32.shl (local.get $runner) (i32.const 2)))";
    let add = |by| format!("(i32.store {open} (i32.add (i32.load {open}) (i32.const {by})))");
    let component = with(&[
        (STARTED, &add(1)),
        (
            COMPLETED,
            &format!(
                "(if (i32.eqz (i32.load {open})) (then (return))) {}",
                add(-1)
            ),
        ),
    ])?;
    fails(
        &component,
        &[],
        "any-order",
        &[
            "solti_runner_tasks_completed_total",
            "count each record with its labels",
        ],
    )
}

#[test]
fn a_provider_with_low_bucket_bounds_fails_bucket_bounds() -> Result<()> {
    let within = "(i64.le_u (local.get $ms) (i64.load (local.get $bound)))";
    // The last bucket has no upper bound.
    let below = "(i32.or (i64.lt_u (local.get $ms) (i64.load (local.get $bound)))
        (i64.eq (i64.load (local.get $bound)) (i64.const -1)))";
    let component = without(within, below)?;
    let series = r#"solti_runner_task_duration_seconds_bucket{le="0.01""#;
    fails(
        &component,
        &[],
        "bucket-bounds",
        &[series, "more samples differ"],
    )
}

#[test]
fn a_provider_that_traps_at_the_longest_duration_fails_extreme_durations() -> Result<()> {
    let trap = "(if (i64.eq (local.get $ms) (i64.const -1)) (then unreachable))";
    let component = with(&[(COMPLETED, trap)])?;
    fails(
        &component,
        &[],
        "extreme-durations",
        &["trapped", "no record may cause a trap"],
    )
}

#[test]
fn a_provider_that_miscounts_later_fails_many_records() -> Result<()> {
    let lose = "(if (i32.eq (global.get $n) (i32.const 9000)) (then (return)))";
    let component = counting(STARTED, lose)?;
    fails(
        &component,
        &[],
        "many-records",
        &["solti_runner_tasks_started_total"],
    )
}

#[test]
fn a_provider_that_traps_later_fails_only_many_records() -> Result<()> {
    let trap = "(if (i32.eq (global.get $n) (i32.const 3000)) (then unreachable))";
    let component = counting(STARTED, trap)?;
    fails(
        &component,
        &[],
        "many-records",
        &["records, the backend", "trapped"],
    )
}

#[test]
fn a_provider_that_counts_scrapes_fails_scrape_twice() -> Result<()> {
    let count = "(call $increment (global.get $started))";
    let component = without(
        "(call $put (global.get $eof))",
        &format!("(call $put (global.get $eof)) {count}"),
    )?;
    fails(
        &component,
        &[],
        "scrape-twice",
        &["runner=\"subprocess\"} 0", "1"],
    )
}

#[test]
fn a_provider_whose_second_flush_fails_fails_flush_twice() -> Result<()> {
    let said = "the backend returned an error: nothing to hand on";
    fails(&flushed_once()?, &[], "flush-twice", &[said, "--grant"])
}

#[test]
fn a_provider_that_exposes_an_invalid_line_fails_exposition_with_the_line() -> Result<()> {
    let component = without(r#""\22} ""#, r#""} ""#)?;
    let words = [
        "in `nothing-recorded`: line 3",
        "does not end",
        r#"{runner="subprocess} 0"#,
    ];
    fails(&component, &[], "exposition", &words)
}

#[test]
fn a_provider_without_an_end_of_text_fails_exposition() -> Result<()> {
    let component = without("(call $put (global.get $eof))", "")?;
    fails(
        &component,
        &[],
        "exposition",
        &["the last line of the exposition is not `# EOF`"],
    )
}

#[test]
fn a_provider_that_never_returns_fails_its_first_check() -> Result<()> {
    let timeout = ["--timeout", "300ms"];
    let component = with(&[(STARTED, "(loop $ever (br $ever))")])?;
    fails(
        &component,
        &timeout,
        "takes-records",
        &["did not return within 300ms", "--timeout"],
    )?;
    let component = with(&[(EXPOSE, "(loop $ever (br $ever))")])?;
    fails(
        &component,
        &timeout,
        "nothing-recorded",
        &["in scrape 1", "did not return"],
    )
}

#[test]
fn a_provider_with_batches_also_gets_single_records() -> Result<()> {
    let (end, _) = report_of(&batching("")?, &QUICK)?;
    ensure!(end.code == Some(0), "{end}");
    let words = ["one by one", "solti_runner_errors_total"];
    fails(&batching(LOST)?, &[], "every-label", &words)
}

#[test]
fn a_provider_that_does_not_start_fails_only_that_check() -> Result<()> {
    let component = with(&[(GLOBALS, "(start $trap) (func $trap unreachable)")])?;
    fails(&component, &[], "starts", &["trapped", "--grant"])?;
    let place = TestFolder::new()?;
    let statsd = artifact("statsd", WASI).display().to_string();
    let (end, report) = report(&place, &statsd, &QUICK)?;
    let failed = failed(&report)?;
    ensure!(end.code == Some(1) && failed.len() == 1, "{end}");
    let text = |key: &str| failed[0][key].as_str().unwrap_or_default();
    ensure!(text("seen").contains("is not granted"), "{end}");
    let options = "grant the import with --grant tcp=ADDRESS or udp=ADDRESS";
    ensure!(text("fix") == options, "{end}");
    Ok(())
}

#[test]
fn conformance_grants_reach_the_provider() -> Result<()> {
    let place = TestFolder::new()?;
    place.write("out/.kept", b"")?;
    let jsonl = artifact("jsonl", WASI).display().to_string();
    let grant = [&QUICK[..], &["--grant", "dir=out::/out:rw"]].concat();
    let (end, _) = report(&place, &jsonl, &grant)?;
    ensure!(end.code == Some(0), "{end}");
    let (end, report) = report(&place, &jsonl, &QUICK)?;
    let failed = failed(&report)?;
    ensure!(
        failed.len() == 1 && failed[0]["name"] == "takes-records",
        "{end}"
    );
    let seen = failed[0]["seen"].as_str().unwrap_or_default();
    ensure!(seen.contains("as not stored"), "{end}");
    Ok(())
}

#[test]
fn time_is_judged_only_with_a_given_limit() -> Result<()> {
    let component = provider()?;
    let (end, report) = report_of(&component, &QUICK)?;
    let time = check(&report, "time-per-record")?;
    ensure!(time["result"] == "passed", "{end}");
    ensure!(
        time["figures"]["ns_per_record"].as_f64() > Some(0.0),
        "{end}"
    );
    fails(
        &component,
        &["--max-time-per-record", "1ns"],
        "time-per-record",
        &["at most 1ns"],
    )
}

#[test]
fn fewer_records_than_requested_are_reported() -> Result<()> {
    let (end, report) = report_of(&provider()?, &["--budget", "1ms"])?;
    ensure!(end.code == Some(0), "{end}");
    let many = check(&report, "many-records")?;
    let note = many["note"].as_str().unwrap_or_default();
    ensure!(
        note.ends_with(" of 1000000 records within --budget"),
        "{many}"
    );
    Ok(())
}

#[test]
fn extreme_times_and_numbers_do_not_panic() -> Result<()> {
    let place = TestFolder::with(&provider()?)?;
    let ever = ["--records", "10", "--budget", "365d", "--timeout", "365d"];
    let (end, _) = report(&place, "guest.wasm", &ever)?;
    ensure!(end.code == Some(0), "{end}");
    for records in ["0", "18446744073709551615"] {
        let end = place.run(&["conformance", "--records", records, "guest.wasm"])?;
        ensure!(end.code == Some(2), "{end}");
    }
    Ok(())
}

#[test]
fn middlewares_that_forward_and_that_withhold_conform() -> Result<()> {
    for (started, forwarded) in [("(call $started (local.get 0))", true), ("", false)] {
        let (end, report) = report_of(&middleware(started)?, &QUICK)?;
        ensure!(end.code == Some(0), "{end}");
        let figures = &check(&report, "forwards")?["figures"];
        ensure!(
            (figures["given"] == figures["forwarded"]) == forwarded,
            "{figures}"
        );
    }
    Ok(())
}

#[test]
fn a_middleware_that_invents_records_fails_forwards() -> Result<()> {
    let twice = "(call $started (local.get 0)) (call $started (local.get 0))";
    fails(
        &middleware(twice)?,
        &[],
        "forwards",
        &["received 1 records `task-started`, and forwarded 2"],
    )
}
