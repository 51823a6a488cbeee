use solti_metrics::{MetricsBackend, StatsdMetrics};

fn is_backend<T: MetricsBackend>() {}

fn main() {
    is_backend::<StatsdMetrics>();
}
