//! Kills at random moments: a short form of the part `crashes` of `make soak`.

#![allow(
    clippy::print_stderr,
    reason = "a failure can be repeated with its seed"
)]

use anyhow::{Result, ensure};
use solti_metrics_tests::campaign::Random;
use solti_metrics_tests::crashes::{Crashes, SEED};

#[test]
fn a_runner_works_after_each_kill_and_uses_nothing_that_is_half_written() -> Result<()> {
    let seed = Random::seed(SEED)?;
    eprintln!("{SEED}={seed}");
    let crashes = Crashes::run(seed, 40, |_| {})?;
    eprintln!("{crashes:#?}");
    ensure!(crashes.total() >= 40 && crashes.checked > 0, "{crashes:?}");
    Ok(())
}
