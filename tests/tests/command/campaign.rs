//! A short form of the campaign of `make soak`, which takes ten minutes.

#![allow(
    clippy::print_stderr,
    reason = "a failure can be repeated with its seed"
)]

use std::time::Duration;

use anyhow::{Result, ensure};
use solti_metrics_tests::campaign::{Campaign, Random, SEED};

#[test]
fn random_scenarios_report_only_what_may_be() -> Result<()> {
    let seed = Random::seed(SEED)?;
    eprintln!("{SEED}={seed}");
    let campaign = Campaign::run(seed, Duration::from_secs(25), |_| {})?;
    eprintln!("{campaign:?}");
    ensure!(campaign.scrapes > campaign.steps, "{campaign:?}");
    Ok(())
}
