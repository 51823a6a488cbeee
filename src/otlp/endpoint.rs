//! The protocol and the endpoint of pushes.

use hyper::Uri;
use hyper::http::uri::{PathAndQuery, Scheme};

use super::OtlpError;

/// Protocol of OTLP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum OtlpProtocol {
    /// Protobuf over HTTP/1.1, usually at port 4318.
    #[default]
    HttpProtobuf,
    /// gRPC over HTTP/2, usually at port 4317.
    Grpc,
}

/// Default path of metrics in OTLP over HTTP.
const METRICS: &str = "/v1/metrics";

/// Endpoint of pushes.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    pub(super) uri: Uri,
    pub(super) https: bool,
    /// The endpoint for messages: a query can contain a secret.
    pub(super) shown: String,
}

impl Endpoint {
    pub(super) fn parse(text: &str, protocol: OtlpProtocol) -> Result<Self, OtlpError> {
        Self::of(text, protocol).map_err(|reason| OtlpError::Endpoint {
            endpoint: without_secrets(text),
            reason,
        })
    }

    fn of(text: &str, protocol: OtlpProtocol) -> Result<Self, &'static str> {
        let uri: Uri = text.parse().map_err(|_| "it is not a valid URL")?;
        let https = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTP => false,
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            _ => return Err("it must start with http:// or https://"),
        };
        let authority = uri.authority().ok_or("it has no host")?;
        if authority.as_str().contains('@') {
            return Err("it must have no user: put credentials into a header");
        }
        if authority.host().is_empty() {
            return Err("it has no host");
        }
        if authority.as_str().ends_with(':') || authority.port_u16() == Some(0) {
            return Err("its port must be from 1 to 65535");
        }
        // `http` does not validate a port before a call of `port_u16`.
        if authority.port_u16().is_none() && authority.as_str() != authority.host() {
            return Err("its port must be from 1 to 65535");
        }
        let bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
        let uri = match protocol {
            OtlpProtocol::Grpc if !bare => return Err("with gRPC it must have no path"),
            OtlpProtocol::HttpProtobuf if bare => {
                let mut parts = uri.into_parts();
                parts.path_and_query = Some(PathAndQuery::from_static(METRICS));
                Uri::from_parts(parts).map_err(|_| "it is not a valid URL")?
            }
            _ => uri,
        };
        Ok(Self {
            https,
            shown: without_secrets(&uri.to_string()),
            uri,
        })
    }
}

/// An endpoint for messages: without a query and without a user.
pub(super) fn without_secrets(text: &str) -> String {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, text),
    };
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    scheme.map_or_else(|| rest.to_owned(), |scheme| format!("{scheme}://{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_unchanged_and_the_default_is_the_path_of_metrics() -> Result<(), OtlpError> {
        for (text, uri) in [
            ("http://localhost:4318", "http://localhost:4318/v1/metrics"),
            ("https://otel.example/", "https://otel.example/v1/metrics"),
            ("http://[::1]:1/a?b=c", "http://[::1]:1/a?b=c"),
        ] {
            let endpoint = Endpoint::parse(text, OtlpProtocol::HttpProtobuf)?;
            assert_eq!(endpoint.uri.to_string(), uri);
            assert_eq!(endpoint.https, text.starts_with("https"));
        }
        let grpc = Endpoint::parse("http://localhost:4317", OtlpProtocol::Grpc)?;
        assert_eq!(grpc.uri.path(), "/");
        Ok(())
    }

    #[test]
    fn an_invalid_endpoint_is_rejected_without_its_secrets() {
        let http = OtlpProtocol::HttpProtobuf;
        for (text, protocol) in [
            ("", http),
            ("localhost:4318", http),
            ("/v1/metrics", http),
            ("ftp://user:hunter2@localhost/", http),
            ("http://user:hunter2@localhost/", http),
            ("http://local host/?key=hunter2", http),
            ("http://:80", http),
            ("http://localhost:", http),
            ("http://localhost:0", http),
            ("http://localhost:65536", http),
            ("http://localhost:4317/v1/metrics", OtlpProtocol::Grpc),
        ] {
            let refused = Endpoint::parse(text, protocol).map(|endpoint| endpoint.uri);
            let said = refused.map_or_else(|error| error.to_string(), |uri| format!("{uri}!"));
            assert!(said.starts_with("the endpoint"), "{text}: {said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
    }
}
