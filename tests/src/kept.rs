//! Machine code that tests make of large components, kept for those that come after.

use std::fs::{self, File};
use std::path::Path;

use anyhow::Result;
use solti_metrics_host::artifact::{ArtifactCache, Artifacts};
use solti_metrics_host::provider::{Grants, Provider, Providers};
use solti_metrics_host::runner::{Program, Runner};

use crate::artifact::cache_home;

/// Bytes from which on compiling a component takes gigabytes of memory.
const LARGE: u64 = 8 << 20;

/// Compiles what nobody has compiled yet.
///
/// # Errors
///
/// When the folder cannot be had.
pub fn artifacts() -> Result<Artifacts> {
    // All languages, with and without the shim, and as providers.
    let size = 4 << 30;
    let cache = ArtifactCache::open(cache_home().join("languages"))?.size(size);
    Ok(Artifacts::new().cache(cache))
}

/// Loads a program, which may have to be compiled: one large component at a time,
/// whichever process asks.
///
/// # Errors
///
/// When it cannot be loaded.
pub fn program(runner: &Runner, component: &Path) -> Result<Program> {
    let _turn = turn(component)?;
    Ok(runner.load_file(component)?)
}

/// Loads a provider or a middleware in the same way.
///
/// # Errors
///
/// When it cannot be loaded.
pub fn provider(providers: &Providers, component: &Path, grants: &Grants) -> Result<Provider> {
    let _turn = turn(component)?;
    Ok(providers.load_file(component, grants)?)
}

/// Waits until no other large component is being compiled. The turn ends with the file.
fn turn(component: &Path) -> Result<Option<File>> {
    if fs::metadata(component)?.len() < LARGE {
        return Ok(None);
    }
    let turn = File::create(cache_home().join("turn"))?;
    turn.lock()?;
    Ok(Some(turn))
}
