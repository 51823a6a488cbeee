use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;
use prost::Message;

/// What a receiver answers to metrics that it took: `ExportMetricsServiceResponse`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OtlpResponse {
    /// How many points it rejected. It has all of them if that is 0.
    pub rejected_points: i64,
    /// The reason, or a warning if it rejected none. The receiver chose this text: it may
    /// be long, and have many lines.
    pub message: String,
}

impl OtlpResponse {
    /// Reads one that is written as protobuf.
    ///
    /// # Errors
    ///
    /// When the bytes are not such a message, with the reason.
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
