//! The table of `run`.

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{CellAlignment, LineStyle, Table};
use solti_metrics_host::text::escaped;
use solti_metrics_server::LedgerRow;

use super::report::RunReport;
use crate::elapsed::elapsed;

/// The report as a readable table.
pub(crate) fn render(report: &RunReport) -> String {
    let runs = match (report.runs_ended, report.runs) {
        (1, 1) => "1 run".to_owned(),
        (ended, asked) if ended == asked => format!("{asked} runs"),
        (ended, asked) => format!("{ended} of {asked} runs"),
    };
    let head = format!(
        "{} · {runs} in {} · backend {}",
        escaped(&report.component),
        elapsed(report.elapsed_ms),
        report.backend,
    );
    let mut parts = vec![head];
    if let Some(reason) = report.recording_mode_reason.as_deref().map(escaped) {
        parts.push(format!("recording mode direct: the guest {reason}"));
    }
    if report.backend == "noop" {
        parts.push("tasks: not counted by the backend noop".into());
    } else if report.tasks.is_empty() {
        parts.push("tasks: none".into());
    } else {
        parts.push(tasks(report));
    }
    if !report.errors.is_empty() {
        parts.push(errors(report));
    }
    parts.push(ledger(report));
    if !report.backends.is_empty() {
        parts.push(backends(report));
    }
    let text = parts.join("\n");
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    format!("\n{}", lines.join("\n"))
}

fn tasks(report: &RunReport) -> String {
    let mut table = table(["runner", "outcome", "tasks", "p50", "p95", "max"], 2);
    for row in &report.tasks {
        table.add_row([
            row.runner.to_owned(),
            row.outcome.to_owned(),
            row.count.to_string(),
            elapsed(row.p50_ms),
            elapsed(row.p95_ms),
            elapsed(row.max_ms),
        ]);
    }
    for started in &report.started {
        let ended: u64 = report
            .tasks
            .iter()
            .filter(|row| row.runner == started.runner)
            .map(|row| row.count)
            .sum();
        if started.count > ended {
            let open = (started.count - ended).to_string();
            table.add_row([started.runner, "(not completed)", &open, "", "", ""]);
        }
    }
    table.to_string()
}

fn errors(report: &RunReport) -> String {
    let mut table = table(["runner", "runner error", "count"], 2);
    for row in &report.errors {
        table.add_row([row.runner, row.error, &row.count.to_string()]);
    }
    table.to_string()
}

fn ledger(report: &RunReport) -> String {
    let heads = [
        "records of",
        "accepted",
        "delivered",
        "clamped",
        "in flight",
        "dropped",
    ];
    let mut table = table(heads, 1);
    let own = [
        ("guests", &report.ledger.guests),
        ("runner", &report.ledger.runner),
    ];
    let backends = report.backends.iter().map(|it| (&*it.name, &it.ledger));
    for (name, row) in own.into_iter().chain(backends) {
        table.add_row([
            escaped(name).into_owned(),
            row.accepted.to_string(),
            row.delivered.to_string(),
            row.clamped.to_string(),
            row.in_flight.to_string(),
            dropped(row),
        ]);
    }
    table.to_string()
}

/// State and counts of component backends and middlewares.
fn backends(report: &RunReport) -> String {
    let heads = ["backend", "state", "failures", "restarts", "replacements"];
    let mut table = table(heads, 2);
    for row in &report.backends {
        table.add_row([
            escaped(&row.name).into_owned(),
            row.state.to_owned(),
            row.failures.to_string(),
            row.restarts.to_string(),
            row.replacements.to_string(),
        ]);
    }
    table.to_string()
}

/// Sum of dropped records, and the count of each reason.
fn dropped(row: &LedgerRow) -> String {
    let reasons: Vec<_> = row
        .dropped
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(reason, count)| format!("{reason} {count}"))
        .collect();
    let sum: u64 = row.dropped.values().sum();
    if reasons.is_empty() {
        sum.to_string()
    } else {
        format!("{sum} ({})", reasons.join(", "))
    }
}

/// A table with right-aligned numbers in all columns from `text` on.
fn table<const N: usize>(heads: [&str; N], text: usize) -> Table {
    let mut table = Table::new();
    let style = UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none());
    table.load_style(style).set_header(heads);
    for column in table.column_iter_mut().skip(text) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
