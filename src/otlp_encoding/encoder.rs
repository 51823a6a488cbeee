//! A backend that encodes totals as OTLP.

use prost::Message as _;

use super::message::{OtlpMessage, unix_nanos};
use super::names::MetricNames;
use super::resource::Resource;
use crate::totals::Shards;
use crate::{BatchError, Event, MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome};

/// A backend that adds records up, and encodes the totals as OTLP. It makes the messages that
/// `OtlpMetrics` pushes, without a transport. A provider can send them through `wasi:http`,
/// for example.
///
/// Totals are cumulative since the encoder was created, and stored like those for Prometheus.
/// A record is one or two atomic additions, and the sum of the durations is exact to the
/// millisecond, up to `u64::MAX` ms. Memory does not grow with the number of records.
///
/// ```
/// use solti_metrics::{MetricsBackend, OtlpEncoder, OtlpResponse, RunnerType};
///
/// let encoder = OtlpEncoder::new().attribute("service.name", "resize")?;
/// encoder.record_task_started(RunnerType::Wasm);
/// let request: Vec<u8> = encoder.encode();
/// // The body of a POST to `/v1/metrics`, as `application/x-protobuf`.
/// # assert!(!request.is_empty());
/// # let answer = [];
/// let response = OtlpResponse::decode(&answer)?;
/// assert_eq!(response.rejected_points, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct OtlpEncoder {
    totals: Shards,
    message: OtlpMessage,
}

impl OtlpEncoder {
    /// An encoder without records. Its resource has the `service.name` `solti-runner`, and
    /// the metrics have their Prometheus names.
    #[must_use]
    pub fn new() -> Self {
        Self {
            totals: Shards::default(),
            message: OtlpMessage {
                resource: Resource::named(),
                names: MetricNames::default(),
                start: unix_nanos(),
            },
        }
    }

    /// Sets an attribute of the resource, and replaces one with the same key. Two encoders
    /// that push to one collector need a different attribute, for example
    /// `service.instance.id`. Otherwise each overwrites the totals of the other.
    ///
    /// # Errors
    ///
    /// The fix for an invalid attribute: its key is empty, or it is an empty `service.name`.
    pub fn attribute(mut self, key: &str, value: &str) -> Result<Self, &'static str> {
        self.message.resource.give(key, value)?;
        Ok(self)
    }

    /// Sets the names of the metrics.
    #[must_use]
    pub fn names(mut self, names: MetricNames) -> Self {
        self.message.names = names;
        self
    }

    /// All totals at this moment: an `ExportMetricsServiceRequest`, as protobuf.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let request = self.message.request(&self.totals.total(), unix_nanos());
        request.encode_to_vec()
    }
}

impl Default for OtlpEncoder {
    fn default() -> Self {
        Self::new()
    }
}

impl MetricsBackend for OtlpEncoder {
    #[inline]
    fn record_task_started(&self, runner: RunnerType) {
        self.totals.mine().started(runner);
    }

    #[inline]
    fn record_task_completed(&self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        self.totals.mine().completed(runner, outcome, duration_ms);
    }

    #[inline]
    fn record_runner_error(&self, runner: RunnerType, error: RunnerErrorKind) {
        self.totals.mine().error(runner, error);
    }

    fn record_batch(&self, events: &[Event]) -> Result<(), BatchError> {
        self.totals.mine().record_batch(events);
        Ok(())
    }

    #[inline]
    fn prefers_batches(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
    use opentelemetry_proto::tonic::common::v1::any_value::Value;
    use opentelemetry_proto::tonic::metrics::v1::metric::Data;
    use opentelemetry_proto::tonic::metrics::v1::{HistogramDataPoint, Metric};

    use super::*;
    use crate::DURATION_BUCKETS;

    type Outcome = Result<(), Box<dyn std::error::Error>>;

    /// The four metrics, in order.
    fn metrics(encoder: &OtlpEncoder) -> Result<Vec<Metric>, prost::DecodeError> {
        let request = ExportMetricsServiceRequest::decode(&encoder.encode()[..])?;
        let resources = request.resource_metrics.into_iter();
        let scopes = resources.flat_map(|resource| resource.scope_metrics);
        Ok(scopes.flat_map(|scope| scope.metrics).collect())
    }

    fn points(metric: &Metric) -> usize {
        match &metric.data {
            Some(Data::Sum(sum)) => sum.data_points.len(),
            Some(Data::Histogram(histogram)) => histogram.data_points.len(),
            _ => 0,
        }
    }

    fn duration(metric: &Metric) -> Option<&HistogramDataPoint> {
        match &metric.data {
            Some(Data::Histogram(histogram)) => histogram.data_points.first(),
            _ => None,
        }
    }

    #[test]
    fn every_counter_exists_from_the_start_and_no_histogram() -> Outcome {
        let metrics = metrics(&OtlpEncoder::new())?;
        let points: Vec<_> = metrics.iter().map(points).collect();
        assert_eq!(points, [3, 12, 0, 12]);
        Ok(())
    }

    #[test]
    fn a_duration_at_a_bound_is_within_it() -> Outcome {
        let encoder = OtlpEncoder::default();
        for duration_ms in [0, 10, 11, 3_600_000, 3_600_001, 1 << 50] {
            encoder.record_task_completed(RunnerType::Wasm, TaskOutcome::Timeout, duration_ms);
        }
        let metrics = metrics(&encoder)?;
        let point = duration(&metrics[2]).ok_or("no histogram")?;
        assert_eq!(point.explicit_bounds, DURATION_BUCKETS);
        let mut expected = [0; 16];
        (expected[0], expected[1], expected[14], expected[15]) = (2, 1, 1, 2);
        assert_eq!(point.bucket_counts, expected);
        let sum_ms = (1_u64 << 50) + 7_200_022;
        assert_eq!((point.count, point.sum), (6, Some(sum_ms as f64 / 1000.0)));
        Ok(())
    }

    #[test]
    fn the_resource_has_only_the_given_attributes() -> Outcome {
        let encoder = OtlpEncoder::new()
            .attribute("service.name", "a")?
            .attribute("zone", "eu")?
            .names(MetricNames::OpenTelemetry);
        let request = ExportMetricsServiceRequest::decode(&encoder.encode()[..])?;
        let resource = request.resource_metrics[0].resource.clone();
        let attributes = resource.unwrap_or_default().attributes.into_iter();
        let attributes: Vec<_> = attributes
            .map(|it| (it.key, it.value.and_then(|value| value.value)))
            .collect();
        let text = |text: &str| Some(Value::StringValue(text.to_owned()));
        let expected = [
            ("service.name".to_owned(), text("a")),
            ("zone".to_owned(), text("eu")),
        ];
        assert_eq!(attributes, expected);
        assert_eq!(metrics(&encoder)?[0].name, "solti.runner.tasks.started");
        assert!(OtlpEncoder::new().attribute("", "x").is_err());
        assert!(OtlpEncoder::new().attribute("service.name", "").is_err());
        Ok(())
    }
}
