//! Load and endurance, in short: what `make soak` does for half an hour.

use std::time::Duration;

use anyhow::{Result, ensure};
use solti_metrics_tests::endurance::{Crowd, Extent, Interest, Soak, Spinners};

#[test]
fn ledgers_balance_at_each_scrape_while_guests_end_in_every_way_and_a_backend_is_swapped()
-> Result<()> {
    let extent = Extent {
        length: Duration::from_secs(10),
        scrape: Duration::from_millis(250),
        swap: Duration::from_millis(2500),
    };
    let soak = Soak::run(extent, |_| {})?;
    ensure!(soak.imbalances().is_empty(), "{:#?}", soak.imbalances());
    ensure!(soak.swaps == 3, "{}", soak.swaps);
    for (task, outcome) in [
        ("fast", "success"),
        ("digest", "success"),
        ("replaced", "canceled"),
        ("trapping", "failure"),
        ("failing", "failure"),
        ("looping", "timeout"),
    ] {
        let runs =
            format!("solti_metrics_task_runs_total{{task=\"{task}\",outcome=\"{outcome}\"}}");
        ensure!(soak.last.get(&runs) > 0.0, "{runs}");
    }
    for task in ["queued", "rejected"] {
        let rejected = format!("solti_metrics_task_rejected_total{{task=\"{task}\"}}");
        ensure!(soak.last.get(&rejected) > 0.0, "{rejected}");
    }
    let over_quota = "solti_metrics_records_dropped_total{source=\"guests\",reason=\"quota\"}";
    ensure!(soak.last.get(over_quota) > 0.0, "{over_quota}");
    Ok(())
}

#[test]
fn every_guest_that_ends_does_so_beside_those_that_loop_for_ever() -> Result<()> {
    let found = Spinners::run(495, 5, 64)?;
    ensure!(found.alone.succeeded == 495.0, "{found:?}");
    ensure!(found.beside.succeeded == 495.0, "{found:?}");
    ensure!(found.beside.timed_out == 5.0, "{found:?}");
    ensure!(found.beside.ended == 500, "{found:?}");
    Ok(())
}

#[test]
fn every_scraper_is_answered_beside_connections_that_never_finish_a_request() -> Result<()> {
    let interest = Interest {
        scrapers: 40,
        every: Duration::from_millis(500),
        loris: 10,
    };
    let crowd = Crowd::run(3, 20, 2, &[interest])?;
    // Of one who is not answered, there would have been an error.
    let (_, rounds) = &crowd.crowded[0];
    ensure!(rounds.len() == 3 && crowd.quiet.len() == 3);
    ensure!(rounds.iter().any(|round| !round.scrapes_ms.is_empty()));
    Ok(())
}
