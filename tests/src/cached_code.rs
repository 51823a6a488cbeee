//! Compiled code of large components, cached for later tests.

use std::fs::{self, File};
use std::path::Path;

use anyhow::Result;
use solti_metrics_host::artifact::{ArtifactCache, Artifacts};
use solti_metrics_host::provider::{Grants, Provider, Providers};
use solti_metrics_host::runner::{Program, Runner};

use crate::artifact::cache_home;

/// Minimum size of a large component: compiling such a component takes gigabytes of
/// memory.
const LARGE: u64 = 8 << 20;

/// The compilation cache of the tests.
///
/// # Errors
///
/// When its folder cannot be created.
pub fn artifacts() -> Result<Artifacts> {
    // All languages, with and without the shim, and as providers.
    let size = 4 << 30;
    let cache = ArtifactCache::open(cache_home().join("languages"))?.size(size);
    Ok(Artifacts::new().cache(cache))
}

/// Loads a program. If it must be compiled, the processes of the tests compile one large
/// component at a time.
///
/// # Errors
///
/// When the program cannot be loaded.
pub fn program(runner: &Runner, component: &Path) -> Result<Program> {
    let _turn = turn(component)?;
    Ok(runner.load_file(component)?)
}

/// Loads a provider or a middleware in the same way.
///
/// # Errors
///
/// When the component cannot be loaded.
pub fn provider(providers: &Providers, component: &Path, grants: &Grants) -> Result<Provider> {
    let _turn = turn(component)?;
    Ok(providers.load_file(component, grants)?)
}

/// Waits until no other large component is being compiled. Dropping the file ends the
/// turn.
fn turn(component: &Path) -> Result<Option<File>> {
    if fs::metadata(component)?.len() < LARGE {
        return Ok(None);
    }
    let turn = File::create(cache_home().join("turn"))?;
    turn.lock()?;
    Ok(Some(turn))
}
