//! All expressions of the dashboard.

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use solti_metrics_tests::operations::dashboard::dashboard;
use solti_metrics_tests::operations::promql::{Use, uses};

/// An expression of the dashboard, with values for its variables.
pub(crate) struct Asked {
    /// The panel or variable of the expression.
    pub(crate) by: String,
    pub(crate) text: String,
    /// The label whose texts a variable offers.
    label: Option<String>,
}

impl Asked {
    pub(crate) fn uses(&self) -> Result<Vec<Use>> {
        let mut uses = uses(&self.text)?;
        for found in &mut uses {
            found.labels.extend(self.label.clone());
        }
        Ok(uses)
    }
}

pub(crate) fn asked() -> Result<Vec<Asked>> {
    let dashboard: Value = serde_json::from_str(&dashboard()?)?;
    let mut asked = Vec::new();
    for panel in list(&dashboard["panels"])? {
        if panel["type"] == "row" {
            continue;
        }
        for target in list(&panel["targets"])? {
            let by = format!("{} {}", text(&panel["title"])?, text(&target["refId"])?);
            asked.push(filled(by, text(&target["expr"])?, None)?);
        }
    }
    for annotation in list(&dashboard["annotations"]["list"])? {
        let by = text(&annotation["name"])?.to_owned();
        asked.push(filled(by, text(&annotation["expr"])?, None)?);
    }
    for variable in list(&dashboard["templating"]["list"])? {
        if variable["type"] == "query" {
            let query = text(&variable["query"]["query"])?;
            let (selector, label) = query
                .strip_prefix("label_values(")
                .and_then(|rest| rest.strip_suffix(')')?.rsplit_once(", "))
                .with_context(|| format!("{query} is not label_values()"))?;
            let by = format!("${}", text(&variable["name"])?);
            asked.push(filled(by, selector, Some(label.to_owned()))?);
        }
    }
    Ok(asked)
}

/// Replaces the variables with values such as Grafana's.
fn filled(by: String, expression: &str, label: Option<String>) -> Result<Asked> {
    let mut text = expression.to_owned();
    for (variable, value) in [
        ("$__rate_interval", "5m"),
        ("$__range", "30m"),
        ("$job", "solti-.*"),
        ("$instance", ".+"),
        ("$task", ".*"),
        ("$backend", ".*"),
    ] {
        text = text.replace(variable, value);
    }
    if text.contains('$') {
        bail!("{by} has an unknown variable: {text}");
    }
    Ok(Asked { by, text, label })
}

pub(crate) fn list(value: &Value) -> Result<&Vec<Value>> {
    value
        .as_array()
        .with_context(|| format!("no list: {value}"))
}

pub(crate) fn text(value: &Value) -> Result<&str> {
    let text = value
        .as_str()
        .with_context(|| format!("no text: {value}"))?;
    ensure!(!text.is_empty(), "an empty text");
    Ok(text)
}
