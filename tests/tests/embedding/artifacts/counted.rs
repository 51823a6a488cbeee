//! Compilations are counted in this process and in others, with and without a cache.

use anyhow::{Result, ensure};
use solti_metrics_host::artifact::{ArtifactCache, Artifacts, CompilerProcess};

use crate::artifacts::cached_runner::{Host, guest};
use crate::artifacts::compiler::real;

/// Checks the numbers of compilations and of failed ones. Their time is positive if there
/// were any.
fn compiled(artifacts: &Artifacts, count: u64, failed: u64) -> Result<()> {
    let found = artifacts.compilations();
    ensure!((found.count, found.failed) == (count, failed), "{found:?}");
    ensure!(found.time.is_zero() == (count == 0), "{found:?}");
    Ok(())
}

#[test]
fn without_a_cache_each_load_compiles_in_this_process_or_another() -> Result<()> {
    for artifacts in [Artifacts::new(), Artifacts::new().compiler(real()?)] {
        let host = Host::new(artifacts.clone())?;
        compiled(&artifacts, 0, 0)?;
        host.runner.load("guest", &guest(7)?)?;
        compiled(&artifacts, 1, 0)?;
        // Two runners that share the count.
        let other = Host::new(artifacts.clone())?;
        other.runner.load("guest", &guest(7)?)?;
        compiled(&artifacts, 2, 0)?;
    }
    Ok(())
}

#[test]
fn cached_code_is_compiled_once() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let cache = ArtifactCache::open(folder.path().join("cache"))?;
    let artifacts = Artifacts::new().cache(cache);
    let host = Host::new(artifacts.clone())?;
    for _ in 0..3 {
        host.runner.load("guest", &guest(7)?)?;
    }
    compiled(&artifacts, 1, 0)
}

#[test]
fn a_failed_compilation_is_counted_as_failed() -> Result<()> {
    let artifacts = Artifacts::new().compiler(CompilerProcess::new("false"));
    let host = Host::new(artifacts.clone())?;
    ensure!(host.runner.load("guest", &guest(7)?).is_err());
    compiled(&artifacts, 1, 1)
}
