//! The tables of keys, generated from the schema.

use std::fmt::Write;

use anyhow::{Context, Result};
use serde_json::Value;

/// The tables of a configuration, each with the position of its schema.
const TABLES: [(&str, &str); 10] = [
    ("[server]", "Server"),
    ("[runner]", "Runner"),
    ("[artifacts]", "Artifacts"),
    ("[log]", "Log"),
    ("[tasks.NAME]", "Task"),
    ("[tasks.NAME.backoff]", "BackoffConfig"),
    ("[[middlewares]]", "Middleware"),
    ("[backends.NAME]", "Backend"),
    ("[backends.NAME.otlp]", "Otlp"),
    ("[backends.NAME.statsd]", "Statsd"),
];

pub(crate) fn tables(schema: &Value) -> Result<String> {
    let mut text = String::new();
    for (title, name) in TABLES {
        let table = &schema["$defs"][name];
        let what = table["description"].as_str().context("a description")?;
        write!(text, "\n### `{title}`\n\n{what}\n\n")?;
        text.push_str("| key | default | what it is |\n|---|---|---|\n");
        for (key, property) in table["properties"].as_object().context("keys")? {
            let what = what_it_is(schema, property).context(key.clone())?;
            let default = default(table, key, property);
            writeln!(text, "| `{key}` | {default} | {what} |")?;
        }
    }
    Ok(text)
}

fn default(table: &Value, key: &str, property: &Value) -> String {
    let required = table["required"].as_array().into_iter().flatten();
    match &property["default"] {
        _ if required.into_iter().any(|required| required == key) => "**needed**".into(),
        Value::Null => String::new(),
        Value::Object(empty) if empty.is_empty() => "`{}`".into(),
        default => format!("`{default}`"),
    }
}

fn what_it_is(schema: &Value, property: &Value) -> Result<String> {
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
            // Alternatives that are tables are not values.
            if let Some(text) = value["const"].as_str() {
                let means = value["description"].as_str().context("no description")?;
                write!(what, "<br>`\"{text}\"`: {means}")?;
            }
        }
    }
    Ok(what.replace('|', "\\|"))
}
