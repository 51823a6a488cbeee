//! Validation of request headers.

use hyper::header::{HeaderMap, HeaderName, HeaderValue};

use super::OtlpError;

/// Headers that the protocol itself sets.
const RESERVED: [&str; 8] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "te",
    "trailer",
    "transfer-encoding",
];

/// The request headers. Their values can be secrets.
pub(super) fn headers(given: &[(String, String)]) -> Result<HeaderMap, OtlpError> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let wrong = |reason| OtlpError::Header {
            name: name.clone(),
            reason,
        };
        let name = HeaderName::try_from(name).map_err(|_| wrong("the name is not valid"))?;
        let reserved = RESERVED.contains(&name.as_str());
        // gRPC gives a meaning to both, and does not carry text in the latter.
        if reserved || name.as_str().starts_with("grpc-") || name.as_str().ends_with("-bin") {
            return Err(wrong("the protocol sets it"));
        }
        let mut value = HeaderValue::try_from(value)
            .map_err(|_| wrong("its value has an invalid character"))?;
        if value.to_str().is_err() {
            return Err(wrong("its value must be ascii"));
        }
        value.set_sensitive(true);
        headers.append(name, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn a_value_is_sent_and_not_shown() -> Result<(), OtlpError> {
        let headers = headers(&[pair("Authorization", "Bearer hunter2"), pair("x-a", "")])?;
        assert_eq!(headers["authorization"], "Bearer hunter2");
        assert!(!format!("{headers:?}").contains("hunter2"));
        Ok(())
    }

    #[test]
    fn invalid_headers_are_rejected() {
        for (name, value) in [
            ("", "a"),
            ("two words", "a"),
            ("x-a", "hunter2\r\nx-b: c"),
            ("x-a", "hunter2 é"),
            ("Content-Type", "text/plain"),
            ("grpc-timeout", "1S"),
            ("x-a-bin", "a"),
        ] {
            let said = headers(&[pair(name, value)]).map_or_else(|e| e.to_string(), |_| "".into());
            assert!(said.starts_with("the header"), "{name}: {said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
    }
}
