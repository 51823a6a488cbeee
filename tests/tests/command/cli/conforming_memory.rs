//! Providers whose memory grows: for ever, or up to the memory that they need.

use anyhow::{Result, ensure};

use crate::cli::conformance_report::{QUICK, check, fails, report_of};
use crate::cli::faulty::{ERROR, EXPOSE, counting, with};

#[test]
fn a_provider_that_leaks_with_each_record_fails_memory_of_records_with_the_slope() -> Result<()> {
    // A page for each 4,096 records: 16 bytes a record.
    let leak = "(if (i32.eqz (i32.and (global.get $n) (i32.const 511)))
        (then (drop (memory.grow (i32.const 1)))))";
    let component = counting(ERROR, leak)?;
    let words = ["B for each record", "is full after"];
    fails(&component, &[], "memory-of-records", &words)?;
    // Two of eight records are errors. An error leaks 128 bytes: 32 bytes a record.
    let (_, report) = report_of(&component, &QUICK)?;
    let slope = check(&report, "memory-of-records")?["figures"]["bytes_per_record"].as_f64();
    ensure!(
        slope.is_some_and(|slope| (31.0..=33.0).contains(&slope)),
        "{slope:?}"
    );
    let (end, _) = report_of(&component, &[&QUICK[..], &["--max-growth", "40"]].concat())?;
    ensure!(end.code == Some(0), "{end}");
    Ok(())
}

#[test]
fn a_provider_that_leaks_with_each_scrape_fails_memory_of_scrapes() -> Result<()> {
    let component = with(&[(EXPOSE, "(drop (memory.grow (i32.const 1)))")])?;
    fails(
        &component,
        &[],
        "memory-of-scrapes",
        &["65536 B for each scrape"],
    )
}

/// A provider with the heap of a garbage collector.
#[test]
fn a_provider_whose_memory_stops_growing_conforms() -> Result<()> {
    let grow = "(if (i32.lt_u (global.get $n) (i32.const 200))
        (then (drop (memory.grow (i32.const 1)))))";
    let (end, report) = report_of(&counting(EXPOSE, grow)?, &QUICK)?;
    ensure!(end.code == Some(0), "{end}");
    ensure!(
        check(&report, "memory-of-scrapes")?["result"] == "passed",
        "{end}"
    );
    Ok(())
}

#[test]
fn a_provider_that_exhausts_its_memory_fails_with_that_reason() -> Result<()> {
    let leak = "(if (i32.eq (memory.grow (i32.const 8)) (i32.const -1)) (then unreachable))";
    let component = with(&[(EXPOSE, leak)])?;
    let words = ["524288 B for each scrape", "full"];
    fails(
        &component,
        &["--max-memory", "16MiB"],
        "memory-of-scrapes",
        &words,
    )
}
