use anyhow::Context;
use solti_metrics::Exposition;

use super::args::Format;
use super::backend::Backends;
use super::report::Report;
use super::table;
use crate::exit::print;
use crate::voice::tabulate;

/// Writes the report in the form that was asked for: the table to standard
/// error, what programs read to standard output.
pub(crate) fn show(report: &Report, format: Format, backends: &Backends) -> anyhow::Result<()> {
    let text = match (format, &backends.prometheus) {
        (Format::Table, _) => {
            tabulate(&table::render(report));
            return Ok(());
        }
        (Format::Prometheus, Some(metrics)) => metrics.encode(Exposition::Text)?,
        // There is no such format without such a backend; see `Backends::choose`.
        (Format::Json, _) | (Format::Prometheus, None) => {
            serde_json::to_string_pretty(report)? + "\n"
        }
    };
    print(&text).context("cannot write the report to standard output")
}
