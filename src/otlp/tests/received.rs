//! The content of a push, in Prometheus notation.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::metrics::v1::{Metric, metric, number_data_point};

/// The content of a push, in Prometheus notation: a name with its labels, and a value.
pub(super) type Series = BTreeMap<String, f64>;

pub(super) fn series(message: &ExportMetricsServiceRequest) -> Series {
    let mut series = Series::new();
    for metric in metrics(message) {
        let name = &metric.name;
        match &metric.data {
            Some(metric::Data::Sum(sum)) => {
                assert!(sum.is_monotonic && sum.aggregation_temporality == 2);
                for point in &sum.data_points {
                    assert!(point.start_time_unix_nano <= point.time_unix_nano);
                    let Some(number_data_point::Value::AsInt(value)) = point.value else {
                        unreachable!("counts are integers: {point:?}")
                    };
                    series.insert(key(name, &point.attributes, None), value as f64);
                }
            }
            Some(metric::Data::Histogram(histogram)) => {
                assert_eq!(histogram.aggregation_temporality, 2);
                for point in &histogram.data_points {
                    let labels = &point.attributes;
                    let mut below = 0;
                    let bounds = point
                        .explicit_bounds
                        .iter()
                        .map(|bound| format!("{bound:?}"));
                    let bounds = bounds.chain(["+Inf".to_owned()]);
                    for (bound, count) in bounds.zip(&point.bucket_counts) {
                        below += count;
                        let bucket = format!("{name}_bucket");
                        series.insert(key(&bucket, labels, Some(&bound)), below as f64);
                    }
                    assert_eq!((point.bucket_counts.len(), below), (16, point.count));
                    let sum = point.sum.unwrap_or(f64::NAN);
                    series.insert(key(&format!("{name}_sum"), labels, None), sum);
                    let count = point.count as f64;
                    series.insert(key(&format!("{name}_count"), labels, None), count);
                }
            }
            other => unreachable!("no such metric: {other:?}"),
        }
    }
    series
}

pub(super) fn metrics(message: &ExportMetricsServiceRequest) -> &[Metric] {
    let [resource] = &message.resource_metrics[..] else {
        unreachable!("one resource")
    };
    let [scope] = &resource.scope_metrics[..] else {
        unreachable!("one scope")
    };
    &scope.metrics
}

/// Attributes of the resource.
pub(super) fn attributes(message: &ExportMetricsServiceRequest) -> BTreeMap<&str, String> {
    let resource = message.resource_metrics[0].resource.as_ref();
    let attributes = resource.map_or(&[][..], |resource| &resource.attributes);
    attributes
        .iter()
        .map(|attribute| (&*attribute.key, text(attribute)))
        .collect()
}

fn key(name: &str, labels: &[KeyValue], bound: Option<&str>) -> String {
    let labels = labels
        .iter()
        .map(|label| format!("{}=\"{}\"", label.key, text(label)));
    let bound = bound.map(|bound| format!("le=\"{bound}\""));
    // The order of labels in a Prometheus exposition.
    let labels: Vec<_> = bound.into_iter().chain(labels).collect();
    format!("{name}{{{}}}", labels.join(","))
}

fn text(attribute: &KeyValue) -> String {
    let value = attribute.value.as_ref().and_then(|any| any.value.as_ref());
    match value {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        other => unreachable!("no such value: {other:?}"),
    }
}
