//! Machine code that tests make of large components, kept for those that come after.

use anyhow::Result;
use solti_metrics_host::artifact::{ArtifactCache, Artifacts};

use crate::artifact::cache_home;

/// Compiles what nobody has compiled yet.
///
/// # Errors
///
/// When the folder cannot be had.
pub fn artifacts() -> Result<Artifacts> {
    // All languages, with and without the sink, and as providers.
    let size = 4 << 30;
    let cache = ArtifactCache::open(cache_home().join("languages"))?.size(size);
    Ok(Artifacts::new().cache(cache))
}
