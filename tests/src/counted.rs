//! The exposition of a provider that counts records by their kind.

use std::path::Path;

use anyhow::Result;
use solti_metrics::Event;
use solti_metrics_host::artifact::{ArtifactCache, Artifacts};
use solti_metrics_host::provider::{BackendOptions, ComponentBackend, Grants, Providers};

use crate::artifact::cache_home;
use crate::cached_code;
use crate::script::script;

/// Numbers of started tasks, completed tasks and runner errors.
pub type Counts = [u64; 3];

/// The exposition of this component after each call with each label, and the number of
/// records of each kind. The command may have compiled the component before.
///
/// # Errors
///
/// When the component is not a provider, or exposes nothing.
pub fn exposed(component: &Path) -> Result<(String, Counts)> {
    let cache = ArtifactCache::open(cache_home().join("solti-metrics/code"))?;
    let providers = Providers::builder()
        .artifacts(Artifacts::new().cache(cache))
        .build()?;
    let provider = cached_code::provider(&providers, component, &Grants::new())?;
    let backend = ComponentBackend::start(&provider, BackendOptions::default())?;
    let mut counts = [0; 3];
    for event in script() {
        event.record_into(&backend);
        let kind = match event {
            Event::TaskStarted { .. } => 0,
            Event::TaskCompleted { .. } => 1,
            _ => 2,
        };
        counts[kind] += 1;
    }
    let tokio = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    Ok((tokio.block_on(backend.expose())?, counts))
}
