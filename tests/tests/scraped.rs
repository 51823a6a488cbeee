//! A real Prometheus scrapes a runner that serves, and PromQL comes to what guests have
//! recorded.

use anyhow::Result;
use libtest_mimic::{Arguments, Trial};
use solti_metrics_tests::oracle::Oracle;

#[path = "scraped/recorded.rs"]
mod recorded;
#[path = "scraped/restarted.rs"]
mod restarted;
#[path = "scraped/spoken.rs"]
mod spoken;
#[path = "scraped/swapped.rs"]
mod swapped;
#[path = "scraped/tap.rs"]
mod tap;

type Check = fn(&std::path::Path) -> Result<()>;

fn main() {
    let arguments = Arguments::from_args();
    let checks: [(&str, Check); 5] = [
        (
            "promql_comes_to_what_guests_have_recorded",
            recorded::exactly,
        ),
        (
            "a_restart_is_a_reset_and_loses_nothing_that_was_scraped",
            restarted::on_the_same_port,
        ),
        (
            "a_backend_is_swapped_and_no_record_is_lost",
            swapped::while_records_come,
        ),
        (
            "prometheus_is_given_openmetrics_in_gzip",
            spoken::openmetrics,
        ),
        (
            "prometheus_scrapes_with_the_token_and_not_without",
            spoken::with_a_token,
        ),
    ];
    let trials: Vec<Trial> = checks
        .into_iter()
        .map(|(name, check)| Oracle::prometheus().trial(name, check))
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}
