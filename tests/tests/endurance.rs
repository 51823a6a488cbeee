//! Load and endurance, in short: what `make soak` does for half an hour.

use std::time::Duration;

use anyhow::{Result, ensure};
use solti_metrics_tests::endurance::{Extent, Soak};

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
