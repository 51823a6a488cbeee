//! Variables of the dashboard, above the panels.

use serde_json::{Value, json};

use super::TARGET;
use super::panel::datasource;

/// All variables: the data source, and selections of series.
pub(super) fn all() -> Vec<Value> {
    let of_backends = format!(
        "label_values({{__name__=~\"solti_metrics_backend_state|\
         solti_metrics_export_attempts_total\",{TARGET}}}, backend)"
    );
    vec![
        json!({
            "current": {"text": "default", "value": "default"},
            "hide": 0,
            "includeAll": false,
            "label": "Data source",
            "multi": false,
            "name": "datasource",
            "options": [],
            "query": "prometheus",
            "refresh": 1,
            "regex": "",
            "type": "datasource"
        }),
        // The query offers only jobs with runners.
        query(
            "job",
            "Job",
            "label_values(solti_metrics_build_info, job)",
            None,
        ),
        query(
            "instance",
            "Instance",
            "label_values(solti_metrics_build_info{job=~\"$job\"}, instance)",
            None,
        ),
        query(
            "task",
            "Task",
            &format!("label_values(solti_metrics_task_loaded{{{TARGET}}}, task)"),
            Some(".*"),
        ),
        query("backend", "Backend", &of_backends, Some(".*")),
    ]
}

/// `all` is the value for all entries. Without it, Grafana lists each entry.
fn query(name: &str, label: &str, query: &str, all: Option<&str>) -> Value {
    json!({
        "allValue": all,
        "current": {"text": ["All"], "value": ["$__all"]},
        "datasource": datasource(),
        "definition": query,
        "hide": 0,
        "includeAll": true,
        "label": label,
        "multi": true,
        "name": name,
        "options": [],
        "query": {"qryType": 1, "query": query, "refId": name},
        "refresh": 2,
        "regex": "",
        "sort": 1,
        "type": "query"
    })
}

/// A line through all panels at each start of a runner: counters start at 0 there.
pub(super) fn restarts() -> Value {
    json!({
        "datasource": datasource(),
        "enable": true,
        "expr": format!("process_start_time_seconds{{{TARGET}}} * 1000"),
        "hide": false,
        "iconColor": "blue",
        "name": "Starts of runners",
        "step": "60s",
        "titleFormat": "{{instance}} started",
        "useValueForTime": true
    })
}
