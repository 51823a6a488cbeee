use solti_metrics::{MetricsBackend, PrometheusMetrics};

fn is_backend<T: MetricsBackend>() {}

fn main() {
    is_backend::<PrometheusMetrics>();
}
