//! The pages of `docs/reference/` for operators. Their tables are generated from the schema,
//! an exposition, the help of the command, and the cases of errors. `BLESS=1` rewrites them.

use solti_metrics_tests::trial::{Trial, trial};

mod command;
mod configuration;
mod document;
mod errors;
mod help;
mod metrics;

pub(crate) fn trials() -> anyhow::Result<Vec<Trial>> {
    Ok(vec![
        trial("the_command_page_has_every_option", command::written),
        trial(
            "the_configuration_page_has_every_key",
            configuration::written,
        ),
        trial("the_metrics_page_has_every_metric", metrics::written),
        trial(
            "the_metrics_page_explains_every_reason_and_state",
            metrics::explained,
        ),
        trial("the_errors_page_has_every_error", errors::written),
    ])
}
