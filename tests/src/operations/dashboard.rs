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

/// What Grafana 12.0 writes; a later one migrates it when it is imported.
const SCHEMA: u32 = 41;

/// Which runners: what the variables say. `process_*` and `up` are everybody's, and
/// a job is only offered if it has runners in it.
const TARGET: &str = r#"job=~"$job",instance=~"$instance""#;

/// Which tasks of theirs.
const TASK: &str = r#"job=~"$job",instance=~"$instance",task=~"$task""#;

/// Which backends of theirs.
const BACKEND: &str = r#"job=~"$job",instance=~"$instance",backend=~"$backend""#;

/// The dashboard's text.
///
/// # Errors
///
/// None but what encoding JSON might have.
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
        // What one panel's cursor points at, all show.
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
