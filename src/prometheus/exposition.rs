//! The text formats that scrapers read, and their negotiation.

use std::fmt;

use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;

use super::TextFromOpenMetrics;

/// A text format that a scraper reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExpositionFormat {
    /// OpenMetrics 1.0.
    OpenMetrics,
    /// The Prometheus text format, version 0.0.4.
    Text,
}

impl ExpositionFormat {
    /// Media type of the format, for a `Content-Type` header.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
        }
    }

    /// The format of the answer for the value of a request's `Accept` header: OpenMetrics if
    /// its quality is not below that of plain text.
    ///
    /// The rules are those of RFC 9110, section 12.5.1: a named type takes precedence over
    /// `text/*`, and `text/*` over `*/*`. A quality outside 0 to 1 counts as 0.
    #[must_use]
    pub fn negotiate(accept: &str) -> Self {
        let (mut open_metrics, mut plain) = (0.0, [None; 3]);
        for range in accept.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let media = parts.next().unwrap_or_default().to_ascii_lowercase();
            let (mut quality, mut version) = (1.0, None);
            for (name, value) in parts.filter_map(|part| part.split_once('=')) {
                match name.trim().to_ascii_lowercase().as_str() {
                    "q" => quality = weight(value),
                    "version" => version = Some(value.trim().trim_matches('"')),
                    // Other parameters, such as the escaping of names: the names of this
                    // package need no escaping.
                    _ => {}
                }
            }
            let named = match media.as_str() {
                // Some scrapers request only 0.0.1, a version that no server supports.
                "application/openmetrics-text" if version.is_none_or(|v| v == "1.0.0") => {
                    open_metrics = quality.max(open_metrics);
                    continue;
                }
                "text/plain" => 0,
                "text/*" => 1,
                "*/*" => 2,
                _ => continue,
            };
            plain[named] = Some(plain[named].map_or(quality, |it: f32| it.max(quality)));
        }
        let plain = plain.into_iter().flatten().next().unwrap_or(0.0);
        if open_metrics > 0.0 && open_metrics >= plain {
            Self::OpenMetrics
        } else {
            Self::Text
        }
    }

    /// Encodes all of `registry` in this format.
    ///
    /// # Errors
    ///
    /// If one of the registry's collectors fails to encode itself.
    pub fn encode(self, registry: &Registry) -> Result<String, EncodeError> {
        let mut open_metrics = String::new();
        text::encode(&mut open_metrics, registry).map_err(EncodeError)?;
        if self == Self::OpenMetrics {
            return Ok(open_metrics);
        }
        let mut text = TextFromOpenMetrics::default();
        let pushed = text.push(&open_metrics);
        pushed.map_err(|_| EncodeError(fmt::Error))?;
        Ok(text.finish())
    }
}

fn weight(quality: &str) -> f32 {
    let quality = quality.trim().parse().unwrap_or(0.0);
    if (0.0..=1.0).contains(&quality) {
        quality
    } else {
        0.0
    }
}

/// Error of a registry that could not be encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodeError(fmt::Error);

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a registered collector failed to encode its metrics")
    }
}

impl std::error::Error for EncodeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_the_one_that_the_scraper_prefers() {
        let prometheus = "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        let prometheus_3 = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        for (accept, chosen) in [
            ("", ExpositionFormat::Text),
            ("*/*", ExpositionFormat::Text),
            ("text/plain", ExpositionFormat::Text),
            (
                "application/openmetrics-text",
                ExpositionFormat::OpenMetrics,
            ),
            (prometheus, ExpositionFormat::OpenMetrics),
            (
                "application/openmetrics-text; version=0.0.1",
                ExpositionFormat::Text,
            ),
            (
                "application/openmetrics-text;q=0.2, text/plain;q=0.9",
                ExpositionFormat::Text,
            ),
            ("application/openmetrics-text;q=0", ExpositionFormat::Text),
            (
                "application/openmetrics-text;q=nonsense",
                ExpositionFormat::Text,
            ),
            ("application/openmetrics-text;q=inf", ExpositionFormat::Text),
            ("application/openmetrics-text;q=2", ExpositionFormat::Text),
            (
                "application/openmetrics-text;q=NaN, */*;q=0",
                ExpositionFormat::Text,
            ),
            (prometheus_3, ExpositionFormat::OpenMetrics),
            // With native histograms, Prometheus prefers protobuf.
            (
                "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,application/openmetrics-text;version=1.0.0;q=0.6,text/plain;q=0.4",
                ExpositionFormat::OpenMetrics,
            ),
            (
                "Application/OpenMetrics-Text; Version=\"1.0.0\"; Q=0.2, text/plain;q=0.1",
                ExpositionFormat::OpenMetrics,
            ),
            (
                "application/openmetrics-text; Q=0.2, text/plain",
                ExpositionFormat::Text,
            ),
            (
                "application/openmetrics-text;q=0.5, text/plain;q=0.1, */*",
                ExpositionFormat::OpenMetrics,
            ),
            (
                "application/openmetrics-text;q=0.5, text/*;q=0.1, */*",
                ExpositionFormat::OpenMetrics,
            ),
            (
                "application/openmetrics-text;q=0.5, */*",
                ExpositionFormat::Text,
            ),
        ] {
            assert_eq!(ExpositionFormat::negotiate(accept), chosen, "{accept:?}");
        }
    }
}
