//! What was recorded so far, and how it is said in OTLP.

use solti_metrics::PrometheusMetrics;
use solti_metrics_guest::{RunnerErrorKind, RunnerType, TaskOutcome};

use crate::message::{
    AnyValue, CUMULATIVE, ExportMetricsServiceRequest, Histogram, HistogramDataPoint,
    InstrumentationScope, KeyValue, Metric, NumberDataPoint, Resource, ResourceMetrics,
    ScopeMetrics, Sum,
};

const BOUNDS: [f64; 15] = PrometheusMetrics::BUCKETS;

/// Bounded, since labels are a closed set.
#[derive(Default)]
pub(crate) struct Totals {
    started: [u64; RunnerType::ALL.len()],
    completed: [[Durations; TaskOutcome::ALL.len()]; RunnerType::ALL.len()],
    errors: [[u64; RunnerErrorKind::ALL.len()]; RunnerType::ALL.len()],
}

#[derive(Default)]
struct Durations {
    buckets: [u64; BOUNDS.len() + 1],
    /// As wide as this, no single duration can drown the others.
    sum_ms: u128,
}

impl Totals {
    pub(crate) fn started(&mut self, runner: RunnerType) {
        self.started[runner as usize] += 1;
    }

    pub(crate) fn completed(&mut self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        let these = &mut self.completed[runner as usize][outcome as usize];
        let seconds = duration_ms as f64 / 1000.0;
        these.buckets[BOUNDS.partition_point(|bound| *bound < seconds)] += 1;
        these.sum_ms += u128::from(duration_ms);
    }

    pub(crate) fn error(&mut self, runner: RunnerType, error: RunnerErrorKind) {
        self.errors[runner as usize][error as usize] += 1;
    }

    /// Everything since `start`, as of `now`: nanoseconds since 1970.
    pub(crate) fn export(
        &self,
        resource: &[(String, String)],
        start: u64,
        now: u64,
    ) -> ExportMetricsServiceRequest {
        let point = |count: u64, attributes: Vec<KeyValue>| NumberDataPoint {
            attributes,
            start_time_unix_nano: start,
            time_unix_nano: now,
            as_int: Some(count as i64),
        };
        let (mut started, mut completed, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        let mut durations = Vec::new();
        for runner in RunnerType::ALL {
            let by = ("runner", runner.as_label());
            started.push(point(self.started[runner as usize], attributes(&[by])));
            for outcome in TaskOutcome::ALL {
                let these = &self.completed[runner as usize][outcome as usize];
                let attributes = attributes(&[by, ("outcome", outcome.as_label())]);
                let count = these.buckets.iter().sum();
                completed.push(point(count, attributes.clone()));
                // Counters are there from the beginning, so that a rate sees
                // the first step; a histogram is large, and waits for its use.
                if count > 0 {
                    durations.push(HistogramDataPoint {
                        attributes,
                        start_time_unix_nano: start,
                        time_unix_nano: now,
                        count,
                        sum: Some(these.sum_ms as f64 / 1000.0),
                        bucket_counts: these.buckets.to_vec(),
                        explicit_bounds: BOUNDS.to_vec(),
                    });
                }
            }
            for error in RunnerErrorKind::ALL {
                let count = self.errors[runner as usize][error as usize];
                errors.push(point(count, attributes(&[by, ("error", error.as_label())])));
            }
        }
        let metrics = vec![
            sum("solti_runner_tasks_started_total", "{task}", started),
            sum("solti_runner_tasks_completed_total", "{task}", completed),
            histogram("solti_runner_task_duration_seconds", "s", durations),
            sum("solti_runner_errors_total", "{error}", errors),
        ];
        let scope = InstrumentationScope {
            name: "solti-metrics".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let resource = Resource {
            attributes: attributes(resource),
        };
        ExportMetricsServiceRequest {
            resource_metrics: vec![ResourceMetrics {
                resource,
                scope_metrics: vec![ScopeMetrics { scope, metrics }],
            }],
        }
    }
}

fn sum(name: &str, unit: &str, data_points: Vec<NumberDataPoint>) -> Metric {
    Metric {
        name: name.to_owned(),
        unit: unit.to_owned(),
        sum: Some(Sum {
            data_points,
            aggregation_temporality: CUMULATIVE,
            is_monotonic: true,
        }),
        histogram: None,
    }
}

fn histogram(name: &str, unit: &str, data_points: Vec<HistogramDataPoint>) -> Metric {
    Metric {
        name: name.to_owned(),
        unit: unit.to_owned(),
        sum: None,
        histogram: Some(Histogram {
            data_points,
            aggregation_temporality: CUMULATIVE,
        }),
    }
}

fn attributes<S: AsRef<str>>(pairs: &[(S, S)]) -> Vec<KeyValue> {
    let attribute = |(key, value): &(S, S)| KeyValue {
        key: key.as_ref().to_owned(),
        value: AnyValue {
            string_value: Some(value.as_ref().to_owned()),
        },
    };
    pairs.iter().map(attribute).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The four metrics, in order.
    fn metrics(totals: &Totals) -> Vec<Metric> {
        let resource = [("service.name".to_owned(), "test".to_owned())];
        let mut request = totals.export(&resource, 1, 2);
        let mut resource = request.resource_metrics.remove(0);
        resource.scope_metrics.remove(0).metrics
    }

    fn values(attributes: &[KeyValue]) -> Vec<&str> {
        let values = attributes.iter().map(|a| a.value.string_value.as_deref());
        values.map(Option::unwrap_or_default).collect()
    }

    #[test]
    fn every_counter_is_there_from_the_beginning_and_no_histogram() {
        let metrics = metrics(&Totals::default());
        let sums = metrics.iter().filter_map(|metric| metric.sum.as_ref());
        let points: Vec<_> = sums.map(|sum| sum.data_points.len()).collect();
        assert_eq!(points, [3, 12, 12]);
        let histograms = metrics
            .iter()
            .filter_map(|metric| metric.histogram.as_ref());
        let points: Vec<_> = histograms.map(|h| h.data_points.len()).collect();
        assert_eq!(points, [0]);
    }

    #[test]
    fn a_count_is_cumulative_and_has_its_labels() {
        let mut totals = Totals::default();
        for _ in 0..3 {
            totals.error(RunnerType::Container, RunnerErrorKind::SpawnFailed);
        }
        let errors = metrics(&totals).remove(3);
        assert_eq!(errors.name, "solti_runner_errors_total");
        let sum = errors.sum.unwrap_or_default();
        assert_eq!(
            (sum.is_monotonic, sum.aggregation_temporality),
            (true, CUMULATIVE)
        );
        let counted = sum
            .data_points
            .iter()
            .filter(|point| point.as_int == Some(3));
        let [point] = counted.collect::<Vec<_>>()[..] else {
            unreachable!("one series has counted")
        };
        assert_eq!(values(&point.attributes), ["container", "spawn_failed"]);
        assert_eq!((point.start_time_unix_nano, point.time_unix_nano), (1, 2));
    }

    #[test]
    fn a_duration_at_a_bound_is_within_it_and_an_endless_one_drowns_no_other() {
        let mut totals = Totals::default();
        for duration_ms in [0, 10, 11, 3_600_000, 3_600_001, u64::MAX] {
            totals.completed(RunnerType::Wasm, TaskOutcome::Timeout, duration_ms);
        }
        let histogram = metrics(&totals).remove(2).histogram.unwrap_or_default();
        let point = &histogram.data_points[0];
        assert_eq!(values(&point.attributes), ["wasm", "timeout"]);
        assert_eq!(point.explicit_bounds, PrometheusMetrics::BUCKETS);
        let mut expected = [0; 16];
        (expected[0], expected[1], expected[14], expected[15]) = (2, 1, 1, 2);
        assert_eq!(point.bucket_counts, expected);
        assert_eq!(point.count, 6);
        let milliseconds = totals.completed[2][3].sum_ms;
        assert_eq!(milliseconds - u128::from(u64::MAX), 7_200_022);
    }
}
