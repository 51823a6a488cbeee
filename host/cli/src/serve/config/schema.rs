//! The JSON schema of a configuration: what editors complete by, and what a file is held
//! against before anything else.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use super::Config;

/// The schema, of draft 2020-12.
pub(crate) fn schema() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<Config>().to_value();
    schema["title"] = "The configuration of `solti-metrics serve`".into();
    simplify(&mut schema);
    schema
}

/// TOML has no null: what may be left out is not required, and that is all. Nor is it of
/// interest in which of Rust's types a number is kept, or where a comment has its line
/// breaks.
fn simplify(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            simplify_one(object);
            object.values_mut().for_each(simplify);
        }
        Value::Array(items) => items.iter_mut().for_each(simplify),
        _ => {}
    }
}

fn simplify_one(schema: &mut Map<String, Value>) {
    let is_null = |of: &Value| *of == "null" || of["type"] == "null";
    for key in ["type", "anyOf"] {
        let Some(Value::Array(either)) = schema.get_mut(key) else {
            continue;
        };
        either.retain(|one| !is_null(one));
        if either.len() > 1 {
            continue;
        }
        match schema
            .remove(key)
            .and_then(|mut either| Some(either.as_array_mut()?.pop()?))
        {
            // What is said beside it is about this use of it, and stays.
            Some(Value::Object(one)) => schema.extend(one),
            Some(one) => drop(schema.insert(key.into(), one)),
            None => {}
        }
    }
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    let format = schema.get("format").and_then(Value::as_str);
    match format {
        Some("uint32") if schema.get("maximum").is_none() => {
            schema.insert("maximum".into(), u32::MAX.into());
        }
        _ => {}
    }
    if format_is_rusts(schema) {
        schema.remove("format");
    }
    if let Some(Value::String(what)) = schema.get_mut("description") {
        *what = what.replace('\n', " ");
    }
}

fn format_is_rusts(schema: &Map<String, Value>) -> bool {
    let format = schema.get("format").and_then(Value::as_str);
    format.is_some_and(|format| format.starts_with("uint") || format == "double")
}
