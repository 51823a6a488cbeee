//! A real Prometheus scrapes a runner, and PromQL returns the recorded values.

use anyhow::Result;
use solti_metrics_tests::oracle::Oracle;
use solti_metrics_tests::trial::Trial;

mod recorded;
mod restarted;
mod spoken;
mod swapped;
mod tap;

type Check = fn(&std::path::Path) -> Result<()>;

pub(crate) fn trials() -> Result<Vec<Trial>> {
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
    let trials = checks
        .into_iter()
        .map(|(name, check)| Oracle::prometheus().trial(name, check))
        .collect();
    Ok(trials)
}
