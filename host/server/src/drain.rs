use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::component::Component;

/// Stops the components: they accept no more records, and drain their queues. Middlewares
/// stop first, in their order, then all backends concurrently.
pub async fn drain(components: &[Arc<Component>], within: Duration) {
    let start = Instant::now();
    let left = || within.saturating_sub(start.elapsed());
    let (middlewares, backends): (Vec<_>, Vec<_>) = components.iter().partition(|it| it.middleware);
    for component in middlewares {
        component.backend.stop(left()).await;
    }
    let mut stopping = tokio::task::JoinSet::new();
    for component in backends {
        let (backend, left) = (Arc::clone(&component.backend), left());
        stopping.spawn(async move { backend.stop(left).await });
    }
    while stopping.join_next().await.is_some() {}
}
