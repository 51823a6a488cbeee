use anyhow::Context;
use solti_metrics::ExpositionFormat;

use super::args::ReportFormat;
use super::backend::RunBackends;
use super::report::RunReport;
use super::table;
use crate::exit::print;
use crate::messages::print_table;

/// Writes the report in the requested format: the table to standard error, other formats to
/// standard output.
pub(crate) fn show(
    report: &RunReport,
    format: ReportFormat,
    backends: &RunBackends,
) -> anyhow::Result<()> {
    let text = match (format, &backends.prometheus) {
        (ReportFormat::Table, _) => {
            print_table(&table::render(report));
            return Ok(());
        }
        (ReportFormat::Prometheus, Some(metrics)) => metrics.encode(ExpositionFormat::Text)?,
        // `Backends::choose` selects the Prometheus backend for this format.
        (ReportFormat::Json, _) | (ReportFormat::Prometheus, None) => {
            serde_json::to_string_pretty(report)? + "\n"
        }
    };
    print(&text).context("cannot write the report to standard output")
}
