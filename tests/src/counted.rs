//! What a provider exposes that counts records by their kind.

use std::path::Path;

use anyhow::Result;
use solti_metrics::Event;
use solti_metrics_host::artifact::{ArtifactCache, Artifacts};
use solti_metrics_host::provider::{BackendOptions, ComponentBackend, Grants, Providers};

use crate::artifact::cache_home;
use crate::kept;
use crate::script::script;

/// How many tasks have started and completed, and how many runner errors there were.
pub type Counts = [u64; 3];

/// What this component exposes after every call with every label, and of how many records
/// of each kind. The command may have compiled it before.
///
/// # Errors
///
/// When it is no provider, or exposes nothing.
pub fn exposed(component: &Path) -> Result<(String, Counts)> {
    let cache = ArtifactCache::open(cache_home().join("solti-metrics/code"))?;
    let providers = Providers::builder()
        .artifacts(Artifacts::new().cache(cache))
        .build()?;
    let provider = kept::provider(&providers, component, &Grants::new())?;
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
