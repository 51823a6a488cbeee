use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::{fs, process};

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::resource::v1;

use super::OtlpError;

/// Who pushes: attributes, in the order of their keys.
#[derive(Debug, Clone)]
pub(super) struct Resource(BTreeMap<String, Value>);

impl Default for Resource {
    fn default() -> Self {
        let mut resource = Self(BTreeMap::new());
        resource.set(SERVICE_NAME, "solti-runner".to_owned());
        resource.set("service.instance.id", unique());
        resource
    }
}

const SERVICE_NAME: &str = "service.name";

impl Resource {
    /// In the place of what was there.
    fn set(&mut self, key: &str, value: String) {
        self.0.insert(key.to_owned(), Value::StringValue(value));
    }

    /// What somebody wrote down.
    pub(super) fn give(&mut self, key: &str, value: &str) -> Result<(), OtlpError> {
        let wrong = |reason| OtlpError::Attribute {
            key: key.to_owned(),
            reason,
        };
        if key.is_empty() {
            return Err(wrong("it has no key"));
        }
        if value.is_empty() && key == SERVICE_NAME {
            return Err(wrong("a service must have a name"));
        }
        self.set(key, value.to_owned());
        Ok(())
    }

    /// Which process this is, and on which host, if that has a name.
    pub(super) fn describe_process(&mut self) {
        let pid = Value::IntValue(process::id().into());
        self.0.insert("process.pid".to_owned(), pid);
        if let Ok(name) = fs::read_to_string("/proc/sys/kernel/hostname") {
            self.set("host.name", name.trim_end().to_owned());
        }
    }

    /// `OTEL_RESOURCE_ATTRIBUTES`, and `OTEL_SERVICE_NAME` above it, as
    /// OpenTelemetry describes them: `key=value`, with commas between, and percent
    /// signs for what is neither.
    pub(super) fn read_environment(
        &mut self,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<(), OtlpError> {
        const ATTRIBUTES: &str = "OTEL_RESOURCE_ATTRIBUTES";
        let wrong = |reason| OtlpError::Environment {
            variable: ATTRIBUTES,
            reason,
        };
        for pair in variable(ATTRIBUTES).unwrap_or_default().split(',') {
            if pair.trim().is_empty() {
                continue;
            }
            let (key, value) = pair
                .split_once('=')
                .ok_or_else(|| wrong("it must be key=value, with commas between"))?;
            let decoded = |text: &str| {
                percent_decoded(text.trim()).ok_or_else(|| wrong("a % must begin a byte of utf-8"))
            };
            self.give(&decoded(key)?, &decoded(value)?)?;
        }
        match variable("OTEL_SERVICE_NAME").filter(|name| !name.is_empty()) {
            Some(name) => self.give(SERVICE_NAME, &name),
            None => Ok(()),
        }
    }

    pub(super) fn message(&self) -> v1::Resource {
        let attribute = |(key, value): (&String, &Value)| KeyValue {
            key: key.clone(),
            value: Some(AnyValue {
                value: Some(value.clone()),
            }),
            ..KeyValue::default()
        };
        v1::Resource {
            attributes: self.0.iter().map(attribute).collect(),
            ..v1::Resource::default()
        }
    }
}

/// A UUID of version 4. Its bits come from the random keys that the standard library
/// has from the system for its hash tables.
fn unique() -> String {
    let half = || u128::from(RandomState::new().hash_one(process::id()));
    let bits = half() << 64 | half();
    let bits = bits & !(0xf << 76) & !(0b11 << 62) | 4 << 76 | 0b10 << 62;
    let hex = format!("{bits:032x}");
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| &hex[part]);
    parts.join("-")
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == b'%' {
            let (digits, after) = rest.split_at_checked(2)?;
            let digits = std::str::from_utf8(digits).ok()?;
            if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return None;
            }
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = after;
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn text<'a>(resource: &'a Resource, key: &str) -> Option<&'a str> {
        match resource.0.get(key)? {
            Value::StringValue(text) => Some(text),
            _ => None,
        }
    }

    fn read(attributes: &'static str, service: &'static str) -> Result<Resource, OtlpError> {
        let mut resource = Resource::default();
        resource.read_environment(|name| match name {
            "OTEL_RESOURCE_ATTRIBUTES" => Some(attributes.to_owned()),
            "OTEL_SERVICE_NAME" => Some(service.to_owned()),
            _ => None,
        })?;
        Ok(resource)
    }

    #[test]
    fn each_process_has_an_id_of_its_own() {
        let ids: HashSet<_> = (0..1000).map(|_| unique()).collect();
        assert_eq!(ids.len(), 1000);
        for id in ids {
            let shape: String = id.replace(|c: char| c.is_ascii_hexdigit(), "x");
            assert_eq!(shape, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
            assert_eq!(&id[14..15], "4");
            assert!("89ab".contains(&id[19..20]), "{id}");
        }
    }

    #[test]
    fn the_environment_is_read_as_open_telemetry_describes() -> Result<(), OtlpError> {
        let resource = read("service.name=a, team = b%2Cc%3D%C3%A9,,", "")?;
        assert_eq!(text(&resource, "service.name"), Some("a"));
        assert_eq!(text(&resource, "team"), Some("b,c=é"));
        let resource = read("service.name=a", "b")?;
        assert_eq!(text(&resource, "service.name"), Some("b"));
        let resource = read("", "")?;
        assert_eq!(text(&resource, "service.name"), Some("solti-runner"));
        Ok(())
    }

    #[test]
    fn an_environment_that_cannot_be_read_is_refused() {
        for attributes in ["a", "a=%", "a=%4", "a=%+1", "a=%ff", "=a", "service.name="] {
            assert!(read(attributes, "").is_err(), "{attributes}");
        }
    }

    #[test]
    fn a_process_is_described_when_asked_for() {
        let mut resource = Resource::default();
        assert_eq!(resource.0.len(), 2);
        resource.describe_process();
        let pid = Value::IntValue(process::id().into());
        assert_eq!(resource.0.get("process.pid"), Some(&pid));
    }
}
