//! A real Prometheus scrapes a runner, and PromQL returns the recorded values.

use anyhow::Result;
use solti_metrics_tests::reference_tool::ReferenceTool;
use solti_metrics_tests::trial::Trial;

mod protocol;
mod recorded;
mod replaced;
mod restarted;
mod tap;

type Check = fn(&std::path::Path) -> Result<()>;

pub(crate) fn trials() -> Result<Vec<Trial>> {
    let checks: [(&str, Check); 5] = [
        ("promql_returns_the_recorded_values", recorded::exactly),
        (
            "a_restart_is_a_reset_and_loses_no_scraped_value",
            restarted::on_the_same_port,
        ),
        (
            "a_backend_is_replaced_and_no_record_is_lost",
            replaced::while_records_come,
        ),
        ("prometheus_gets_openmetrics_in_gzip", protocol::openmetrics),
        (
            "prometheus_scrapes_with_the_token_and_not_without",
            protocol::with_a_token,
        ),
    ];
    let trials = checks
        .into_iter()
        .map(|(name, check)| ReferenceTool::prometheus().trial(name, check))
        .collect();
    Ok(trials)
}
