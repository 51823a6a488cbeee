//! The attributes of the source of metrics.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::resource::v1;

/// Attributes of the source of metrics, in the order of their keys.
#[derive(Debug, Clone)]
pub(crate) struct Resource(BTreeMap<String, Value>);

impl Default for Resource {
    fn default() -> Self {
        let mut resource = Self::named();
        resource.set("service.instance.id", unique());
        resource
    }
}

pub(crate) const SERVICE_NAME: &str = "service.name";

impl Resource {
    /// A resource with the default name, and without a unique id.
    pub(super) fn named() -> Self {
        let mut resource = Self(BTreeMap::new());
        resource.set(SERVICE_NAME, "solti-runner".to_owned());
        resource
    }

    /// Sets an attribute, and replaces its previous value.
    pub(crate) fn set(&mut self, key: &str, value: String) {
        self.set_value(key, Value::StringValue(value));
    }

    pub(crate) fn set_value(&mut self, key: &str, value: Value) {
        self.0.insert(key.to_owned(), value);
    }

    /// Sets an attribute from an operator's setting.
    ///
    /// # Errors
    ///
    /// The fix for an invalid attribute.
    pub(crate) fn give(&mut self, key: &str, value: &str) -> Result<(), &'static str> {
        if key.is_empty() {
            return Err("it has no key");
        }
        if value.is_empty() && key == SERVICE_NAME {
            return Err("a service must have a name");
        }
        self.set(key, value.to_owned());
        Ok(())
    }

    #[cfg(all(test, feature = "otlp"))]
    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    pub(crate) fn message(&self) -> v1::Resource {
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

/// A UUID of version 4. Its bits come from the standard library, which has random keys from
/// the system for its hash tables.
fn unique() -> String {
    let half = || u128::from(RandomState::new().hash_one(0));
    let bits = half() << 64 | half();
    let bits = bits & !(0xf << 76) & !(0b11 << 62) | 4 << 76 | 0b10 << 62;
    let hex = format!("{bits:032x}");
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| &hex[part]);
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

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
}
