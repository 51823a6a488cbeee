//! Totals in the data model of OTLP.

use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Histogram, HistogramDataPoint, Metric, NumberDataPoint,
    ResourceMetrics, ScopeMetrics, Sum, metric, number_data_point,
};

use super::names::MetricNames;
use super::resource::Resource;
use crate::totals::{Durations, SeriesTotals};
use crate::{DURATION_BUCKETS, RunnerErrorKind, RunnerType, TaskOutcome};

/// Resource, names and start time of the messages.
#[derive(Debug)]
pub(crate) struct OtlpMessage {
    pub(crate) resource: Resource,
    pub(crate) names: MetricNames,
    /// Start time of the counts.
    pub(crate) start: u64,
}

impl OtlpMessage {
    /// All counts since the start, at the time `now`. The message has one point for each
    /// series, and does not grow with the number of records.
    pub(crate) fn request(&self, total: &SeriesTotals, now: u64) -> ExportMetricsServiceRequest {
        let scope_metrics = ScopeMetrics {
            scope: Some(InstrumentationScope {
                name: env!("CARGO_PKG_NAME").to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                ..InstrumentationScope::default()
            }),
            metrics: self.metrics(total, now),
            ..ScopeMetrics::default()
        };
        ExportMetricsServiceRequest {
            resource_metrics: vec![ResourceMetrics {
                resource: Some(self.resource.message()),
                scope_metrics: vec![scope_metrics],
                ..ResourceMetrics::default()
            }],
        }
    }

    fn metrics(&self, total: &SeriesTotals, now: u64) -> Vec<Metric> {
        let mut points = Points {
            start: self.start,
            // The clock can be set back. No collector accepts a point that ends before it
            // starts.
            now: now.max(self.start),
            ..Points::default()
        };
        for runner in RunnerType::ALL {
            points.of(runner, total);
        }
        let names = self.names;
        vec![
            sum(
                names.started(),
                "Tasks that started to execute, by runner type.",
                "{task}",
                points.started,
            ),
            sum(
                names.completed(),
                "Tasks that ended, by runner type and outcome.",
                "{task}",
                points.completed,
            ),
            metric(
                names.duration(),
                "Duration of tasks that ended, in seconds, by runner type and outcome.",
                "s",
                metric::Data::Histogram(Histogram {
                    data_points: points.durations,
                    aggregation_temporality: CUMULATIVE,
                }),
            ),
            sum(
                names.errors(),
                "Failed steps of setting a task up or tearing it down, by runner type and step.",
                "{error}",
                points.errors,
            ),
        ]
    }
}

/// Nanoseconds since 1970, by the system's clock.
pub(crate) fn unix_nanos() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |since| {
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    })
}

/// A point has all counts since its start, so that the next point replaces a lost one.
const CUMULATIVE: i32 = AggregationTemporality::Cumulative as i32;

#[derive(Default)]
struct Points {
    start: u64,
    now: u64,
    started: Vec<NumberDataPoint>,
    completed: Vec<NumberDataPoint>,
    durations: Vec<HistogramDataPoint>,
    errors: Vec<NumberDataPoint>,
}

impl Points {
    fn of(&mut self, runner: RunnerType, total: &SeriesTotals) {
        let by = ("runner", runner.as_label());
        let started = total.started[runner as usize];
        self.started.push(self.count(started, &[by]));
        for outcome in TaskOutcome::ALL {
            let durations = &total.durations[runner as usize][outcome as usize];
            let labels = [by, ("outcome", outcome.as_label())];
            self.completed.push(self.count(durations.count(), &labels));
            // Like for Prometheus, counters exist from the start, so that a rate sees the
            // first increment. A histogram is large, and appears with its first observation.
            if durations.count() > 0 {
                self.durations.push(self.distribution(durations, &labels));
            }
        }
        for error in RunnerErrorKind::ALL {
            let errors = total.errors[runner as usize][error as usize];
            let labels = [by, ("error", error.as_label())];
            self.errors.push(self.count(errors, &labels));
        }
    }

    fn count(&self, count: u64, labels: &[(&str, &str)]) -> NumberDataPoint {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        NumberDataPoint {
            attributes: attributes(labels),
            start_time_unix_nano: self.start,
            time_unix_nano: self.now,
            value: Some(number_data_point::Value::AsInt(count)),
            ..NumberDataPoint::default()
        }
    }

    fn distribution(&self, durations: &Durations, labels: &[(&str, &str)]) -> HistogramDataPoint {
        HistogramDataPoint {
            attributes: attributes(labels),
            start_time_unix_nano: self.start,
            time_unix_nano: self.now,
            count: durations.count(),
            sum: Some(durations.sum_seconds()),
            bucket_counts: durations.buckets().to_vec(),
            explicit_bounds: DURATION_BUCKETS.to_vec(),
            ..HistogramDataPoint::default()
        }
    }
}

fn sum(name: &str, description: &str, unit: &str, data_points: Vec<NumberDataPoint>) -> Metric {
    let sum = Sum {
        data_points,
        aggregation_temporality: CUMULATIVE,
        is_monotonic: true,
    };
    metric(name, description, unit, metric::Data::Sum(sum))
}

fn metric(name: &str, description: &str, unit: &str, data: metric::Data) -> Metric {
    Metric {
        name: name.to_owned(),
        description: description.to_owned(),
        unit: unit.to_owned(),
        data: Some(data),
        ..Metric::default()
    }
}

fn attributes(labels: &[(&str, &str)]) -> Vec<KeyValue> {
    let attribute = |&(key, value): &(&str, &str)| KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue {
            value: Some(Value::StringValue(value.to_owned())),
        }),
        ..KeyValue::default()
    };
    labels.iter().map(attribute).collect()
}
