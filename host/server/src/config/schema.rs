//! The JSON schema of a configuration, for editors. A file is checked against it first.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use super::Config;
use super::expected::LEAST;

/// The JSON schema of a configuration, of draft 2020-12.
pub fn schema() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<Config>().to_value();
    schema["title"] = "Configuration of `solti-metrics serve`".into();
    simplify(&mut schema);
    schema
}

/// Removes null, the Rust types of numbers and line breaks. TOML has no null: an optional
/// key is a key that is not required.
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
            .and_then(|mut either| either.as_array_mut()?.pop())
        {
            // Keywords next to the reference describe this use of the type, and remain.
            Some(Value::Object(one)) => schema.extend(one),
            Some(one) => drop(schema.insert(key.into(), one)),
            None => {}
        }
    }
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    let format = schema.get("format").and_then(Value::as_str);
    let format = format.unwrap_or_default().to_owned();
    if format == "uint32" {
        schema.entry("maximum").or_insert(u32::MAX.into());
    }
    if format.starts_with("uint") || format == "double" {
        schema.remove("format");
    }
    // Editors check with a pattern that the time is not 0.
    if schema.contains_key(LEAST) {
        schema.insert("pattern".into(), "[1-9]".into());
    }
    if let Some(Value::String(what)) = schema.get_mut("description") {
        *what = what.replace('\n', " ");
    }
}

#[cfg(test)]
mod tests {
    use solti_metrics_host::limits::Limits;

    use super::super::{Config, TaskConfig};
    use super::*;

    /// A table with each default of the schema.
    fn with_defaults(title: &str, of: &str, more: &str) -> String {
        let schema = schema();
        let properties = schema["$defs"][of]["properties"].as_object();
        let defaults = properties.into_iter().flatten().filter_map(|(key, of)| {
            let default = of.get("default").filter(|it| !it.is_object())?;
            Some(format!("{key} = {default}\n"))
        });
        let defaults: String = defaults.collect();
        assert!(!defaults.is_empty(), "{of}");
        format!("{title}\n{more}{defaults}")
    }

    #[test]
    fn unset_keys_have_the_defaults_of_the_schema() -> Result<(), toml::de::Error> {
        let text = with_defaults("[runner]", "RunnerConfig", "")
            + &with_defaults("[compilation]", "CompilationConfig", "")
            + &with_defaults("[log]", "Log", "");
        assert_eq!(toml::from_str::<Config>(&text)?, Config::default());
        Ok(())
    }

    /// serde cannot deny unknown keys in a table that shares keys with others.
    #[test]
    fn every_table_denies_keys_that_it_does_not_have() {
        let schema = schema();
        let tables = schema["$defs"].as_object().into_iter().flatten();
        let tables: Vec<_> = tables
            .map(|(name, table)| (&**name, table))
            .chain([("", &schema)])
            .filter(|(_, table)| table["properties"].is_object())
            .collect();
        assert!(tables.len() > 6, "{tables:?}");
        for (name, table) in tables {
            assert_eq!(table["additionalProperties"], false, "{name}");
        }
    }

    #[test]
    fn unset_keys_of_a_task_and_its_backoff_have_the_defaults_of_the_schema()
    -> Result<(), toml::de::Error> {
        let component = "component = \"a.wasm\"\n";
        let one: TaskConfig = toml::from_str(component)?;
        let text = with_defaults("", "TaskConfig", component)
            + &with_defaults("[backoff]", "BackoffConfig", "");
        let other: TaskConfig = toml::from_str(&text)?;
        assert_eq!(one.concurrency(), other.concurrency());
        assert_eq!(one.queue_capacity(), other.queue_capacity());
        assert_eq!(one.admission(), other.admission());
        assert_eq!(one.backoff(), other.backoff());
        assert_eq!(one.when(), other.when());
        assert_eq!((one.output, one.schedule), (other.output, other.schedule));
        let limits = Limits::default();
        let bytes = |size: Option<super::super::TextValue<bytesize::ByteSize>>| {
            size.map(|size| size.0.as_u64()).unwrap_or_default()
        };
        assert_eq!(bytes(other.max_memory), limits.memory as u64);
        assert_eq!(bytes(other.max_output), limits.output);
        Ok(())
    }
}
