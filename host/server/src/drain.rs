use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::component::Component;

/// Takes no more records, hands over what waits, middlewares in their order first,
/// then all backends together.
pub async fn drain(components: &[Arc<Component>], within: Duration) {
    let began = Instant::now();
    let left = || within.saturating_sub(began.elapsed());
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
