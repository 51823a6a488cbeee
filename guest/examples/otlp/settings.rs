//! Settings from environment variables.

use solti_metrics::OtlpEncoder;

/// The endpoint, the headers and the resource of pushes.
pub(crate) struct Settings {
    pub(crate) https: bool,
    pub(crate) authority: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) resource: Vec<(String, String)>,
}

impl Settings {
    /// # Errors
    ///
    /// If one of the variables is invalid: its name, and the change to make. The
    /// message omits the value, which can be a secret.
    pub(crate) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let variable = |name| variable(name).filter(|value| !value.is_empty());
        let or = |name, default: &str| variable(name).unwrap_or_else(|| default.to_owned());
        let pairs = |name| pairs(name, &variable(name).unwrap_or_default());

        let endpoint = or("OTLP_ENDPOINT", "http://localhost:4318/v1/metrics");
        let (https, rest) = match endpoint.split_once("://") {
            Some(("http", rest)) => (false, rest),
            Some(("https", rest)) => (true, rest),
            _ => return Err("OTLP_ENDPOINT must start with http:// or https://".to_owned()),
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if authority.is_empty() || authority.contains('@') {
            return Err("OTLP_ENDPOINT must have a host, and no user: \
                        put credentials into OTLP_HEADERS"
                .to_owned());
        }
        let service = or("OTEL_SERVICE_NAME", "solti-runner");
        let mut resource = vec![("service.name".to_owned(), service)];
        resource.extend(pairs("OTLP_ATTRIBUTES")?);
        Ok(Self {
            https,
            authority: authority.to_owned(),
            path: if path.is_empty() { "/" } else { path }.to_owned(),
            headers: pairs("OTLP_HEADERS")?,
            resource,
        })
    }

    /// The encoder of totals of this resource.
    pub(crate) fn encoder(&self) -> Result<OtlpEncoder, String> {
        let mut attributes = self.resource.iter();
        attributes.try_fold(OtlpEncoder::new(), |encoder, (key, value)| {
            let attribute = encoder.attribute(key, value);
            attribute.map_err(|why| format!("OTLP_ATTRIBUTES: an entry cannot be used: {why}"))
        })
    }

    /// The endpoint for messages, without its query, which can contain a secret.
    pub(crate) fn shown(&self) -> String {
        let scheme = if self.https { "https" } else { "http" };
        let path = self.path.split('?').next().unwrap_or_default();
        format!("{scheme}://{}{path}", self.authority)
    }
}

fn pairs(name: &str, text: &str) -> Result<Vec<(String, String)>, String> {
    let entries = text.split(',').map(str::trim).enumerate();
    entries
        .filter(|(_, entry)| !entry.is_empty())
        .map(|(at, entry)| match entry.split_once('=') {
            Some((key, value)) => Ok((key.trim().to_owned(), value.trim().to_owned())),
            None => Err(format!(
                "{name}: entry {} is not of the form name=value",
                at + 1
            )),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Settings, String> {
        Settings::read(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_default_is_a_collector_on_this_machine() -> Result<(), String> {
        for variables in [&[][..], &[("OTLP_ENDPOINT", ""), ("OTLP_HEADERS", "")]] {
            let settings = read(variables)?;
            assert_eq!(settings.shown(), "http://localhost:4318/v1/metrics");
            assert_eq!(settings.headers, []);
            assert_eq!(settings.resource.len(), 1);
        }
        Ok(())
    }

    #[test]
    fn an_endpoint_is_parsed_and_its_query_is_not_shown() -> Result<(), String> {
        for (endpoint, https, authority, path, shown) in [
            ("http://a", false, "a", "/", "http://a/"),
            ("https://a:1/", true, "a:1", "/", "https://a:1/"),
            (
                "http://[::1]:1/b/c",
                false,
                "[::1]:1",
                "/b/c",
                "http://[::1]:1/b/c",
            ),
            ("https://a/b?key=1", true, "a", "/b?key=1", "https://a/b"),
        ] {
            let settings = read(&[("OTLP_ENDPOINT", endpoint)])?;
            let parts = (settings.https, &*settings.authority, &*settings.path);
            assert_eq!(parts, (https, authority, path));
            assert_eq!(settings.shown(), shown);
        }
        Ok(())
    }

    #[test]
    fn pairs_are_trimmed_and_a_value_can_contain_an_equals_sign() -> Result<(), String> {
        let settings = read(&[
            ("OTLP_HEADERS", "authorization=Basic YQ==, x-scope = b ,"),
            ("OTEL_SERVICE_NAME", "runner"),
            ("OTLP_ATTRIBUTES", "service.instance.id=7"),
        ])?;
        let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        let headers = [("authorization", "Basic YQ=="), ("x-scope", "b")];
        assert_eq!(settings.headers, headers.map(owned));
        let resource = [("service.name", "runner"), ("service.instance.id", "7")];
        assert_eq!(settings.resource, resource.map(owned));
        Ok(())
    }

    #[test]
    fn an_invalid_setting_is_rejected_by_name_without_its_value() {
        for (name, value) in [
            ("OTLP_ENDPOINT", "secret:4318"),
            ("OTLP_ENDPOINT", "grpc://secret:4317"),
            ("OTLP_ENDPOINT", "http:///secret"),
            ("OTLP_ENDPOINT", "http://me:secret@a/"),
            ("OTLP_HEADERS", "a=1,secret"),
            ("OTLP_ATTRIBUTES", "secret"),
        ] {
            let refused = read(&[(name, value)]).err().unwrap_or_default();
            assert!(refused.starts_with(name), "{value}: {refused}");
            assert!(!refused.contains("secret"), "{refused}");
        }
    }
}
