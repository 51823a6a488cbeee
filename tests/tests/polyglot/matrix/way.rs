//! What lies between a guest and a backend.

use std::fmt;
use std::sync::Arc;

use solti_metrics::{Event, RunnerType};
use solti_metrics_host::MetricsCtx;

use crate::matrix::backend::Loaded;

/// How records get to the backend.
#[derive(Clone)]
pub(crate) enum Way {
    Direct,
    ThroughMiddleware(Arc<Loaded>),
}

impl Way {
    pub(crate) fn all(middleware: &Arc<Loaded>) -> [Self; 2] {
        [Self::Direct, Self::ThroughMiddleware(middleware.clone())]
    }

    /// What arrives at the other end.
    pub(crate) fn passed(&self, mut events: Vec<Event>) -> Vec<Event> {
        if let Self::ThroughMiddleware(_) = self {
            events.iter_mut().for_each(contained);
        }
        events
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Direct => "direct",
            Self::ThroughMiddleware(_) => "through_middleware",
        })
    }
}

/// As `guest/examples/middleware.rs` says: it ran in a container. A host hands on what a
/// middleware makes as it does with a guest's, with a ceiling for durations.
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
