//! `conformance` of what receives records: what is right passes, and each fault is
//! failed by the one check that is about it.

use anyhow::{Result, ensure};
use solti_metrics_tests::artifact::{BARE, WASI, artifact};

use crate::cli::conformance_report::{QUICK, check, failed, fails, report, report_of, with_result};
use crate::cli::faulty::{
    COMPLETED, ERROR, EXPOSE, GLOBALS, STARTED, batching, counting, flushed_once, middleware,
    provider, with, without,
};
use crate::cli::place::Place;

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
        let place = Place::new()?;
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
fn one_written_by_hand_conforms_and_what_it_lacks_is_skipped() -> Result<()> {
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
fn one_that_loses_a_label_fails_every_label() -> Result<()> {
    let component = with(&[(ERROR, LOST)])?;
    let series = r#"solti_runner_errors_total{error="backend_config_failed",runner="container"} 1"#;
    fails(&component, &[], "every-label", &[series, "0"])
}

#[test]
fn one_that_wants_a_start_for_each_completion_fails_any_order() -> Result<()> {
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
fn one_whose_buckets_end_too_early_fails_bucket_bounds() -> Result<()> {
    let within = "(i64.le_u (local.get $ms) (i64.load (local.get $bound)))";
    // The last bucket has no end.
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
fn one_that_traps_at_the_longest_duration_fails_extreme_durations() -> Result<()> {
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
fn one_that_miscounts_after_a_while_fails_many_records() -> Result<()> {
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
fn one_that_traps_after_a_while_fails_many_records_and_nothing_else() -> Result<()> {
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
fn one_that_counts_scrapes_fails_scrape_twice() -> Result<()> {
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
fn one_whose_second_flush_fails_fails_flush_twice() -> Result<()> {
    let said = "the backend returned an error: nothing to hand on";
    fails(&flushed_once()?, &[], "flush-twice", &[said, "--grant"])
}

#[test]
fn one_that_exposes_no_text_fails_exposition_with_the_line() -> Result<()> {
    let component = without(r#""\22} ""#, r#""} ""#)?;
    let words = [
        "in `nothing-recorded`: line 3",
        "does not end",
        r#"{runner="subprocess} 0"#,
    ];
    fails(&component, &[], "exposition", &words)
}

#[test]
fn one_that_has_no_end_of_text_fails_exposition() -> Result<()> {
    let component = without("(call $put (global.get $eof))", "")?;
    fails(&component, &[], "exposition", &["last line is not `# EOF`"])
}

#[test]
fn one_that_never_returns_is_given_up_by_its_first_check() -> Result<()> {
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
fn one_that_takes_records_in_batches_is_given_them_one_by_one_as_well() -> Result<()> {
    let (end, _) = report_of(&batching("")?, &QUICK)?;
    ensure!(end.code == Some(0), "{end}");
    let words = ["one by one", "solti_runner_errors_total"];
    fails(&batching(LOST)?, &[], "every-label", &words)
}

#[test]
fn one_that_does_not_start_fails_that_alone() -> Result<()> {
    let component = with(&[(GLOBALS, "(start $trap) (func $trap unreachable)")])?;
    fails(&component, &[], "starts", &["trapped", "--grant"])?;
    let place = Place::new()?;
    let statsd = artifact("statsd", WASI).display().to_string();
    let (end, report) = report(&place, &statsd, &QUICK)?;
    let failed = failed(&report)?;
    ensure!(end.code == Some(1) && failed.len() == 1, "{end}");
    let text = |key: &str| failed[0][key].as_str().unwrap_or_default();
    ensure!(text("seen").contains("was not granted"), "{end}");
    let options = "grant the import with --grant tcp=ADDRESS or udp=ADDRESS";
    ensure!(text("fix") == options, "{end}");
    Ok(())
}

#[test]
fn what_is_granted_is_there() -> Result<()> {
    let place = Place::new()?;
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
fn time_is_judged_only_where_somebody_says_how_long() -> Result<()> {
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
fn fewer_records_than_asked_for_are_told() -> Result<()> {
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
fn whatever_time_and_number_is_asked_for_is_no_panic() -> Result<()> {
    let place = Place::with(&provider()?)?;
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
fn a_middleware_that_forwards_and_one_that_withholds_conform() -> Result<()> {
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
