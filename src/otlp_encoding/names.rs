//! The names of the metrics.

/// Names of the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum MetricNames {
    /// Prometheus names: `solti_runner_tasks_started_total`. A collector that stores names
    /// unchanged then has the same series for pushed and scraped metrics. Dashboards find
    /// both. Translators from OTLP to Prometheus do not append `_total` and `_seconds` twice.
    #[default]
    Prometheus,
    /// Names by OpenTelemetry's conventions: `solti.runner.tasks.started`, with dots. The
    /// unit is a separate field, and there is no suffix for the unit or the type.
    OpenTelemetry,
}

impl MetricNames {
    pub(crate) const fn started(self) -> &'static str {
        match self {
            Self::Prometheus => "solti_runner_tasks_started_total",
            Self::OpenTelemetry => "solti.runner.tasks.started",
        }
    }

    pub(crate) const fn completed(self) -> &'static str {
        match self {
            Self::Prometheus => "solti_runner_tasks_completed_total",
            Self::OpenTelemetry => "solti.runner.tasks.completed",
        }
    }

    pub(crate) const fn duration(self) -> &'static str {
        match self {
            Self::Prometheus => "solti_runner_task_duration_seconds",
            Self::OpenTelemetry => "solti.runner.task.duration",
        }
    }

    pub(crate) const fn errors(self) -> &'static str {
        match self {
            Self::Prometheus => "solti_runner_errors_total",
            Self::OpenTelemetry => "solti.runner.errors",
        }
    }
}
