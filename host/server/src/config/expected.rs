//! The expectations of the schema, in words.

use serde_json::Value;
use toml::de::DeValue;

/// Keyword of the schema for the minimum of a time. JSON Schema has no such keyword.
pub(super) const LEAST: &str = "x-least";

/// The expected value at one position.
pub(super) struct ExpectedValue<'a> {
    /// Schema of this position, and of the type that it refers to.
    here: &'a Value,
    of_type: &'a Value,
    /// Name of that type, if it has one.
    pub(super) kind: &'a str,
}

impl<'a> ExpectedValue<'a> {
    pub(super) fn of(here: &'a Value, root: &'a Value) -> Self {
        let kind = here["$ref"]
            .as_str()
            .and_then(|to| to.strip_prefix("#/$defs/"));
        Self {
            here,
            of_type: kind.map_or(here, |kind| &root["$defs"][kind]),
            kind: kind.unwrap_or_default(),
        }
    }

    /// Minimum time at this position, if the value is a time.
    pub(super) fn least(&self) -> Option<&'a str> {
        self.here[LEAST].as_str()
    }

    /// The alternative of the schema for values of this type, if there is one.
    pub(super) fn alternative(&self, value: &DeValue<'_>) -> Option<&'a Value> {
        let mut alternatives = alternatives(self.of_type);
        alternatives.find(|schema| is_of(type_of(schema), value))
    }

    pub(super) fn but_found(&self, key: &str, value: &DeValue<'_>) -> String {
        let types = alternatives(self.of_type).map(|schema| match type_of(schema) {
            "string" => "text in quotes",
            "integer" => "a whole number without quotes",
            "number" => "a number without quotes",
            "boolean" => "true or false, without quotes",
            "array" => "a list in brackets",
            "object" => "a table",
            other => other,
        });
        let types = types.collect::<Vec<_>>().join(", or ");
        format!(
            "expected {types}, found {}{}",
            shown(value),
            self.such_as(key)
        )
    }

    /// An example of the key with a value, if there is one.
    pub(super) fn such_as(&self, key: &str) -> String {
        let examples = [
            &self.here["examples"][0],
            &self.of_type["examples"][0],
            &self.here["default"],
        ];
        match examples.into_iter().find(|example| !example.is_null()) {
            // TOML and JSON write numbers, texts and lists of them alike.
            Some(example) if !example.is_object() => format!("; for example `{key} = {example}`"),
            _ => String::new(),
        }
    }
}

/// The key that was probably meant, or else all keys of the table.
pub(super) fn keys_of(schema: &Value, found: &str) -> String {
    let properties = schema["properties"].as_object();
    let keys: Vec<_> = properties.into_iter().flat_map(|all| all.keys()).collect();
    if let Some(key) = similar(&keys, found).or_else(|| longer(&keys, found)) {
        return format!("did you mean `{key}`?");
    }
    let keys: Vec<_> = keys.iter().map(|key| format!("`{key}`")).collect();
    format!("the keys of this table are {}", keys.join(", "))
}

/// The most similar key, if it differs in at most a third of its characters.
fn similar<'a>(keys: &[&'a String], found: &str) -> Option<&'a String> {
    let distances = keys
        .iter()
        .map(|key| (strsim::damerau_levenshtein(key, found), *key));
    let (distance, key) = distances.min()?;
    (distance * 3 <= key.len()).then_some(key)
}

/// The only key that has further words before or after these words, as `queue_capacity` has
/// after `queue`.
fn longer<'a>(keys: &[&'a String], found: &str) -> Option<&'a String> {
    let (first, last) = (format!("{found}_"), format!("_{found}"));
    let mut longer = keys
        .iter()
        .filter(|key| key.starts_with(&first) || key.ends_with(&last));
    let key = longer.next()?;
    longer.next().is_none().then_some(*key)
}

/// A list of texts, one of which is expected.
pub(super) fn or(texts: &[&str]) -> String {
    let texts: Vec<_> = texts.iter().map(|text| format!("{text:?}")).collect();
    match texts.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

fn alternatives(schema: &Value) -> impl Iterator<Item = &Value> {
    let either = schema["anyOf"].as_array();
    let one = either.is_none().then_some(schema);
    either.into_iter().flatten().chain(one)
}

/// A schema without a type has constants, which are texts.
fn type_of(schema: &Value) -> &str {
    schema["type"].as_str().unwrap_or("string")
}

fn is_of(name: &str, value: &DeValue<'_>) -> bool {
    match value {
        DeValue::String(_) => name == "string",
        DeValue::Integer(_) => matches!(name, "integer" | "number"),
        DeValue::Float(_) => name == "number",
        DeValue::Boolean(_) => name == "boolean",
        DeValue::Datetime(_) => false,
        DeValue::Array(_) => name == "array",
        DeValue::Table(_) => name == "object",
    }
}

fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(is) => is.to_string(),
        DeValue::String(_) => "text".into(),
        DeValue::Datetime(_) => "a date".into(),
        DeValue::Array(_) => "a list".into(),
        DeValue::Table(_) => "a table".into(),
    }
}
