//! `docs/reference/configuration.md`: the tables of keys, from the schema.

use std::fmt::Write;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;
use solti_metrics_tests::artifact::command;

use crate::reference::document::Document;

/// The tables of a configuration, each with the name of its schema.
const TABLES: [(&str, &str); 10] = [
    ("[server]", "ServerConfig"),
    ("[runner]", "RunnerConfig"),
    ("[compilation]", "CompilationConfig"),
    ("[log]", "Log"),
    ("[tasks.NAME]", "TaskConfig"),
    ("[tasks.NAME.backoff]", "BackoffConfig"),
    ("[[middlewares]]", "MiddlewareConfig"),
    ("[backends.NAME]", "BackendConfig"),
    ("[backends.NAME.otlp]", "OtlpConfig"),
    ("[backends.NAME.statsd]", "StatsdConfig"),
];

pub(crate) fn written() -> Result<()> {
    let output = Command::new(command())
        .args(["serve", "--schema"])
        .output()?;
    let schema = serde_json::from_slice(&output.stdout)?;
    Document("docs/reference/configuration.md").must_have("keys", &tables(&schema)?)
}

fn tables(schema: &Value) -> Result<String> {
    let mut text = String::new();
    for (title, name) in TABLES {
        let table = &schema["$defs"][name];
        let what = table["description"].as_str().context("no description")?;
        write!(text, "\n## `{title}`\n\n{what}\n\n")?;
        text.push_str("| Key | Default | Description |\n|---|---|---|\n");
        for (key, property) in table["properties"].as_object().context("no keys")? {
            let what = description(schema, property).context(key.clone())?;
            let default = default(table, key, property);
            writeln!(text, "| `{key}` | {default} | {what} |")?;
        }
    }
    Ok(text)
}

fn default(table: &Value, key: &str, property: &Value) -> String {
    let required = table["required"].as_array().into_iter().flatten();
    match &property["default"] {
        _ if required.into_iter().any(|required| required == key) => "**required**".into(),
        Value::Null => String::new(),
        Value::Object(empty) if empty.is_empty() => "`{}`".into(),
        default => format!("`{default}`"),
    }
}

fn description(schema: &Value, property: &Value) -> Result<String> {
    let what = property["description"].as_str().context("no description")?;
    let mut what = what.to_owned();
    match (&property["x-least"], property["$ref"].as_str()) {
        (Value::String(least), _) => write!(what, " From `{least}` to `365d`.")?,
        (_, Some("#/$defs/time")) => what.push_str(" From `0s` to `365d`."),
        (_, Some("#/$defs/timeout")) => what.push_str(" From `1ms` to `365d`, or `none`."),
        _ => {}
    }
    if let Some(name) = property["$ref"]
        .as_str()
        .and_then(|to| to.strip_prefix("#/$defs/"))
    {
        let values = schema["$defs"][name]["oneOf"].as_array();
        for value in values.into_iter().flatten() {
            // Alternatives of tables are not values.
            if let Some(text) = value["const"].as_str() {
                let means = value["description"].as_str().context("no description")?;
                write!(what, "<br>`\"{text}\"`: {means}")?;
            }
        }
    }
    Ok(what.replace('|', "\\|"))
}
