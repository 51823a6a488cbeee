/// What the metrics are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum MetricNames {
    /// As in Prometheus: `solti_runner_tasks_started_total`. A receiver that takes
    /// names as they come has the same series then as one that scrapes, and
    /// dashboards find them whichever way they came. What translates OTLP for
    /// Prometheus does not append `_total` and `_seconds` twice.
    #[default]
    Prometheus,
    /// As OpenTelemetry's conventions have it: `solti.runner.tasks.started`, with
    /// dots, the unit beside it, and no suffix for it or the type.
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
