//! The bench suite measures what it says: each row really does its work, and the page for
//! embedders promises the limits of the suite.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};
use solti_metrics_tests::bench::{Arrived, LIMITS, Row, Unit, rows};

/// More than the capacity of a ring, and more than a batch.
const RECORDS: u32 = 1_500;

const COPIES: usize = 2;

/// The large guest is small here.
const FUNCTIONS: usize = 10;

/// Number of rounds. Each copy has at least one.
const ROUNDS: u64 = 3;

#[test]
fn the_records_of_each_row_arrive() -> Result<()> {
    let mut untold = Vec::new();
    for mut row in rows(RECORDS, COPIES, FUNCTIONS).map_err(|error| anyhow!(error))? {
        let arrived = worked(&mut row).map_err(|error| anyhow!("{}: {error}", row.name))?;
        let (name, count) = (row.name, ROUNDS * u64::from(row.count));
        match (arrived, row.unit) {
            (
                Arrived::Records {
                    count: told,
                    sum_ms,
                },
                Unit::Record,
            ) => {
                // The durations of a run are 1 ms, 2 ms, and so on.
                let each = u64::from(row.count) * (u64::from(row.count) + 1) / 2;
                ensure!(told == count, "{name}: {told} of {count} records");
                ensure!(sum_ms == ROUNDS * each, "{name}: {sum_ms} ms");
            }
            (Arrived::Counted(told), _) => ensure!(told == count, "{name}: {told} of {count}"),
            (Arrived::Untold, _) => untold.push(name),
            (arrived, unit) => return Err(anyhow!("{name}: {arrived:?} of {unit:?}")),
        }
    }
    ensure!(untold == ["native, no-op"], "without a count: {untold:?}");
    Ok(())
}

fn worked(row: &mut Row) -> solti_metrics_tests::bench::Result<Arrived> {
    for _ in 0..ROUNDS {
        row.work.begin_round();
        row.work.prepare()?;
        row.work.run()?;
    }
    row.work.arrived()
}

#[test]
fn the_page_for_embedders_shows_the_plot_and_promises_the_limits() -> Result<()> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/embed/README.md");
    let page = fs::read_to_string(page)?;
    let section = page.split_once("\n## Cost\n");
    let section = section.and_then(|(_, rest)| rest.split("\n## ").next());
    let section = section.context("the page has no section on cost")?;
    for link in ["](../performance.svg)", "](../performance.md)"] {
        ensure!(section.contains(link), "no {link}");
    }
    let numbers = section.split(|c: char| !c.is_ascii_digit() && c != '.');
    let numbers: Vec<f64> = numbers.filter_map(|number| number.parse().ok()).collect();
    for number in &numbers {
        let promised = LIMITS.iter().any(|limit| limit.bound.number() == *number);
        ensure!(promised, "{number} is not a limit");
    }
    ensure!(!numbers.is_empty(), "nothing is promised");
    Ok(())
}
