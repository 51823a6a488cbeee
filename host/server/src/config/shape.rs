//! Compares the structure of a file with the schema, and reports all differences.
//! Messages agree with those of editors, and do not name types of Rust.

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::expected::{ExpectedValue, keys_of, or};
use super::values;

/// A difference from the schema, its position and its keys.
pub(super) struct Misshapen {
    pub(super) byte: usize,
    pub(super) keys: Vec<String>,
    pub(super) what: String,
}

/// All differences from the schema, in the order of the file.
pub(super) fn misshapen(schema: &Value, document: &Spanned<DeTable<'_>>) -> Vec<Misshapen> {
    let mut check = ShapeCheck {
        root: schema,
        keys: Vec::new(),
        found: Vec::new(),
    };
    check.table(schema, document.get_ref(), 0);
    check.found.sort_by_key(|found| found.byte);
    check.found
}

struct ShapeCheck<'a> {
    root: &'a Value,
    keys: Vec<String>,
    found: Vec<Misshapen>,
}

impl<'a> ShapeCheck<'a> {
    /// `byte` is the position for a missing key.
    fn table(&mut self, schema: &'a Value, table: &DeTable<'_>, byte: usize) {
        for (key, value) in table.iter() {
            self.keys.push(key.get_ref().to_string());
            self.entry(schema, key, value);
            self.keys.pop();
        }
        for missing in schema["required"].as_array().into_iter().flatten() {
            let missing = missing.as_str().unwrap_or_default();
            if !table.contains_key(missing) {
                let expected = ExpectedValue::of(&schema["properties"][missing], self.root);
                self.keys.push(missing.into());
                self.wrong(
                    byte,
                    format!("required key is not set{}", expected.such_as(missing)),
                );
                self.keys.pop();
            }
        }
    }

    fn entry(
        &mut self,
        schema: &'a Value,
        key: &Spanned<impl AsRef<str>>,
        value: &Spanned<DeValue<'_>>,
    ) {
        let (byte, name) = (key.span().start, key.get_ref().as_ref());
        if let Some(of) = schema["properties"].get(name) {
            return self.value(of, value, byte);
        }
        // In some tables, users choose the keys.
        if let Some(named) = schema["patternProperties"].as_object() {
            if let Some(what) = values::wrong("name", name) {
                return self.wrong(byte, what);
            }
            return named.values().for_each(|of| self.value(of, value, byte));
        }
        if schema["additionalProperties"].is_object() {
            return self.value(&schema["additionalProperties"], value, byte);
        }
        self.wrong(byte, format!("unknown key; {}", keys_of(schema, name)));
    }

    fn value(&mut self, schema: &'a Value, value: &Spanned<DeValue<'_>>, key: usize) {
        let expected = ExpectedValue::of(schema, self.root);
        let byte = value.span().start;
        let Some(schema) = expected.alternative(value.get_ref()) else {
            let name = self.keys.last().map_or("", String::as_str);
            return self.wrong(byte, expected.but_found(name, value.get_ref()));
        };
        match value.get_ref() {
            DeValue::Table(table) => self.table(schema, table, key),
            DeValue::Array(items) => {
                for item in items.iter() {
                    self.value(&schema["items"], item, item.span().start);
                }
            }
            DeValue::String(text) => self.text(schema, &expected, text, byte),
            DeValue::Integer(found) => {
                let number = i64::from_str_radix(found.as_str(), found.radix()).ok();
                let found = found.to_string();
                if schema["type"] == "number" {
                    self.fraction(schema, number.map(|number| number as f64), &found, byte);
                } else {
                    self.number(schema, number, &found, byte);
                }
            }
            DeValue::Float(found) => {
                let number = found.as_str().parse().ok();
                self.fraction(schema, number, &found.to_string(), byte);
            }
            _ => {}
        }
    }

    fn text(&mut self, schema: &'a Value, expected: &ExpectedValue<'a>, text: &str, byte: usize) {
        if let Some(of) = schema["oneOf"].as_array() {
            let texts: Vec<_> = of.iter().filter_map(|one| one["const"].as_str()).collect();
            if !texts.contains(&text) {
                self.wrong(byte, format!("expected {}, found {text:?}", or(&texts)));
            }
        } else if let Some(what) = values::wrong(expected.kind, text) {
            self.wrong(byte, what);
        } else if let Some(what) = expected
            .least()
            .and_then(|least| values::too_short(text, least))
        {
            self.wrong(byte, what);
        } else if schema["minLength"] == 1 && text.is_empty() {
            self.wrong(byte, "must not be empty".into());
        }
    }

    fn number(&mut self, schema: &'a Value, number: Option<i64>, found: &str, byte: usize) {
        let least = schema["minimum"].as_i64().unwrap_or(i64::MIN);
        let most = schema["maximum"].as_i64().unwrap_or(i64::MAX);
        if number.is_some_and(|number| (least..=most).contains(&number)) {
            return;
        }
        let upto = match most {
            i64::MAX => "or more".into(),
            most => format!("to {most}"),
        };
        self.wrong(
            byte,
            format!("expected a whole number, {least} {upto}, found {found}"),
        );
    }

    fn fraction(&mut self, schema: &'a Value, number: Option<f64>, found: &str, byte: usize) {
        let least = schema["minimum"].as_f64().unwrap_or(f64::MIN);
        let most = schema["maximum"].as_f64().unwrap_or(f64::MAX);
        if !number.is_some_and(|number| (least..=most).contains(&number)) {
            self.wrong(
                byte,
                format!("expected a number from {least} to {most}, found {found}"),
            );
        }
    }

    fn wrong(&mut self, byte: usize, what: String) {
        self.found.push(Misshapen {
            byte,
            keys: self.keys.clone(),
            what,
        });
    }
}
