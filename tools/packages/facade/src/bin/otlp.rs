use solti_metrics::{MetricsBackend, OtlpMetrics};

fn is_backend<T: MetricsBackend>() {}

fn main() {
    is_backend::<OtlpMetrics>();
}
