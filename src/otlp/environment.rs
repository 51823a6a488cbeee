//! Resource attributes from the process and from its environment.

use std::{fs, process};

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use percent_encoding::percent_decode_str;

use super::OtlpError;
use crate::otlp_encoding::{Resource, SERVICE_NAME};

impl Resource {
    /// Adds the process id, and the name of the host, if it has one.
    pub(crate) fn describe_process(&mut self) {
        let pid = Value::IntValue(process::id().into());
        self.set_value("process.pid", pid);
        if let Ok(name) = fs::read_to_string("/proc/sys/kernel/hostname") {
            self.set("host.name", name.trim_end().to_owned());
        }
    }

    /// Reads `OTEL_RESOURCE_ATTRIBUTES`, and `OTEL_SERVICE_NAME`, which takes precedence. The
    /// format is OpenTelemetry's: comma-separated `key=value`, with percent encoding for
    /// other characters.
    pub(crate) fn read_environment(
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
                .ok_or_else(|| wrong("it must be comma-separated key=value"))?;
            let decoded = |text: &str| {
                percent_decoded(text.trim()).ok_or_else(|| {
                    wrong(
                        "% must be followed by two hexadecimal digits, and the text must be UTF-8",
                    )
                })
            };
            self.attribute(&decoded(key)?, &decoded(value)?)?;
        }
        match variable("OTEL_SERVICE_NAME").filter(|name| !name.is_empty()) {
            Some(name) => self.attribute(SERVICE_NAME, &name),
            None => Ok(()),
        }
    }

    /// [`give`](Self::give), for a builder.
    pub(crate) fn attribute(&mut self, key: &str, value: &str) -> Result<(), OtlpError> {
        self.give(key, value)
            .map_err(|reason| OtlpError::Attribute {
                key: key.to_owned(),
                reason,
            })
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    // The decoder leaves a `%` without two digits unchanged.
    let is_byte = |after: &str| {
        let digits = after.as_bytes().first_chunk::<2>();
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if !text.split('%').skip(1).all(is_byte) {
        return None;
    }
    let decoded = percent_decode_str(text).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text<'a>(resource: &'a Resource, key: &str) -> Option<&'a str> {
        match resource.get(key)? {
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
    fn an_invalid_environment_is_rejected() {
        for attributes in ["a", "a=%", "a=%4", "a=%+1", "a=%ff", "=a", "service.name="] {
            assert!(read(attributes, "").is_err(), "{attributes}");
        }
    }

    #[test]
    fn a_process_is_described_when_asked_for() {
        let mut resource = Resource::default();
        assert_eq!(resource.get("process.pid"), None);
        resource.describe_process();
        let pid = Value::IntValue(process::id().into());
        assert_eq!(resource.get("process.pid"), Some(&pid));
    }
}
