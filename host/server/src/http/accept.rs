//! Content negotiation: the encoding and exposition format that a client accepts.

use hyper::HeaderMap;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, HeaderName};
use solti_metrics::ExpositionFormat;

/// The formats that a client accepts.
#[derive(Debug, Clone, Copy)]
pub struct Accept {
    /// Format of expositions.
    pub exposition: ExpositionFormat,
    /// Whether the client accepts gzip. The server compresses the pages of a site: a site
    /// need not read this.
    pub gzip: bool,
}

impl Accept {
    /// Reads `Accept` and `Accept-Encoding`.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        Self {
            exposition: ExpositionFormat::negotiate(&all(headers, &ACCEPT)),
            gzip: takes_gzip(&all(headers, &ACCEPT_ENCODING)),
        }
    }
}

/// A list may span several header lines.
fn all(headers: &HeaderMap, name: &HeaderName) -> String {
    let values = headers.get_all(name).iter();
    let values: Vec<_> = values.filter_map(|value| value.to_str().ok()).collect();
    values.join(",")
}

/// RFC 9110, 12.5.3: a named coding takes precedence over `*`, and a quality of 0 means
/// no.
fn takes_gzip(accept_encoding: &str) -> bool {
    let (mut named, mut any) = (None, None);
    for coding in accept_encoding.split(',') {
        let (coding, parameters) = coding.split_once(';').unwrap_or((coding, ""));
        let quality = parameters.split_once('=').map_or(Some(1.0), |(name, q)| {
            let q = q.trim().parse().ok();
            q.filter(|q: &f32| name.trim().eq_ignore_ascii_case("q") && *q <= 1.0)
        });
        let wanted = Some(quality.is_some_and(|q| q > 0.0));
        match coding.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => named = named.max(wanted),
            "*" => any = wanted,
            _ => {}
        }
    }
    named.or(any).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_negotiated_by_the_header() {
        for (header, takes) in [
            ("", false),
            ("gzip", true),
            ("GZip", true),
            ("x-gzip", true),
            ("deflate, gzip;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip; q=0.000", false),
            ("gzip; Q = 1", true),
            ("gzip;q=nonsense", false),
            ("gzip;q=2", false),
            ("gzip;q=NaN", false),
            ("*", true),
            ("*;q=0", false),
            ("*, gzip;q=0", false),
            ("identity", false),
            ("br, zstd", false),
            ("gzipped", false),
        ] {
            assert_eq!(takes_gzip(header), takes, "{header:?}");
        }
    }
}
