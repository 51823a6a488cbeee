//! The way from a guest to a backend.

use std::fmt;
use std::sync::Arc;

use solti_metrics::{Event, RunnerType};
use solti_metrics_host::MetricsCtx;

use crate::matrix::backend::Loaded;

/// The way of records to the backend.
#[derive(Clone)]
pub(crate) enum Route {
    Direct,
    ThroughMiddleware(Arc<Loaded>),
}

impl Route {
    pub(crate) fn all(middleware: &Arc<Loaded>) -> [Self; 2] {
        [Self::Direct, Self::ThroughMiddleware(middleware.clone())]
    }

    /// The events that arrive at the end.
    pub(crate) fn passed(&self, mut events: Vec<Event>) -> Vec<Event> {
        if let Self::ThroughMiddleware(_) = self {
            events.iter_mut().for_each(contained);
        }
        events
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Direct => "direct",
            Self::ThroughMiddleware(_) => "through_middleware",
        })
    }
}

/// The change of `guest/examples/middleware.rs`: each task ran in a container. A host
/// treats a middleware's records as a guest's, with a ceiling for durations.
fn contained(event: &mut Event) {
    if let Event::TaskCompleted { duration_ms, .. } = event {
        let ceiling = MetricsCtx::DEFAULT_DURATION_CEILING.as_millis();
        *duration_ms = (*duration_ms).min(u64::try_from(ceiling).unwrap_or(u64::MAX));
    }
    match event {
        Event::TaskStarted { runner }
        | Event::TaskCompleted { runner, .. }
        | Event::RunnerError { runner, .. } => *runner = RunnerType::Container,
        _ => {}
    }
}
