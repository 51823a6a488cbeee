//! `dashboards/solti-metrics.json`: a dashboard for Grafana.

use serde_json::{Value, json};

use self::grid::laid_out;

mod backends;
mod colours;
mod durations;
mod exporters;
mod grid;
mod host;
mod overview;
mod panel;
mod records;
mod tasks;
mod variables;

/// The schema version of Grafana 12.0. Later versions migrate it at the import.
const SCHEMA: u32 = 41;

/// The runners that the variables select. Other programs have `process_*` and `up`, too.
/// The variable `job` offers only jobs with runners.
const TARGET: &str = r#"job=~"$job",instance=~"$instance""#;

/// The tasks that the variables select.
const TASK: &str = r#"job=~"$job",instance=~"$instance",task=~"$task""#;

/// The backends that the variables select.
const BACKEND: &str = r#"job=~"$job",instance=~"$instance",backend=~"$backend""#;

/// The text of the dashboard.
///
/// # Errors
///
/// Only errors of the JSON encoder.
pub fn dashboard() -> serde_json::Result<String> {
    let mut text = serde_json::to_string_pretty(&value())?;
    text.push('\n');
    Ok(text)
}

fn value() -> Value {
    let rows = [
        overview::row(),
        durations::row(),
        tasks::row(),
        records::row(),
        backends::row(),
        exporters::row(),
        host::row(),
    ];
    json!({
        "annotations": {"list": [variables::restarts()]},
        "description": "Tasks, records, backends and runners of solti-metrics. \
            Made by tests/src/operations/dashboard.rs.",
        "editable": true,
        "fiscalYearStartMonth": 0,
        // All panels show the position of the cursor.
        "graphTooltip": 1,
        "id": null,
        "links": [],
        "panels": laid_out(rows),
        "preload": false,
        "refresh": "30s",
        "schemaVersion": SCHEMA,
        "tags": ["solti", "wasm"],
        "templating": {"list": variables::all()},
        "time": {"from": "now-6h", "to": "now"},
        "timepicker": {},
        "timezone": "browser",
        "title": "Solti metrics",
        "uid": "solti-metrics",
        "version": 1
    })
}
