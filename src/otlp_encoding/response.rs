//! The answer of a collector.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;
use prost::Message;

/// Answer of a collector to accepted metrics: `ExportMetricsServiceResponse`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OtlpResponse {
    /// Number of rejected points. 0 means that the collector accepted all points.
    pub rejected_points: i64,
    /// The reason, or a warning if no point was rejected. The collector chooses this text,
    /// which can be long and have many lines.
    pub message: String,
}

impl OtlpResponse {
    /// Reads a response from protobuf.
    ///
    /// # Errors
    ///
    /// If the bytes are not such a message: the reason.
    pub fn decode(body: &[u8]) -> Result<Self, String> {
        let response = ExportMetricsServiceResponse::decode(body).map_err(|it| it.to_string())?;
        let partial = response.partial_success.unwrap_or_default();
        Ok(Self {
            rejected_points: partial.rejected_data_points,
            message: partial.error_message,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_says_how_many_points_were_rejected_and_why() {
        let body = b"\x0a\x0b\x08\x02\x12\x07too old";
        let rejected = OtlpResponse {
            rejected_points: 2,
            message: "too old".to_owned(),
        };
        assert_eq!(OtlpResponse::decode(body), Ok(rejected));
        assert_eq!(OtlpResponse::decode(b""), Ok(OtlpResponse::default()));
        assert!(OtlpResponse::decode(b"\xff").is_err());
    }
}
