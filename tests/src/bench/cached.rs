//! Starting from code that was compiled before.

use std::fs;
use std::time::{Duration, Instant};

use solti_metrics::noop_metrics;
use solti_metrics_host::artifact::{ArtifactCache, Artifacts, Origin};
use solti_metrics_host::runner::Runner;

use super::Result;

/// How often it is done; the fastest counts, since others can only slow it down.
const TIMES: usize = 9;

/// How long a runner takes to load this component from its file, where the code of it
/// is kept: found by what the file has in it, read, and authenticated.
pub(super) fn start(component: &[u8]) -> Result<Duration> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("component.wasm");
    fs::write(&file, component)?;
    let load = |expected: Origin| -> Result<Duration> {
        let cache = ArtifactCache::open(folder.path().join("kept"))?;
        let artifacts = Artifacts::new().cache(cache);
        let runner = Runner::builder(noop_metrics())
            .artifacts(artifacts)
            .build()?;
        let begun = Instant::now();
        let program = runner.load_file(&file)?;
        let time = begun.elapsed();
        match program.origin() {
            origin if origin == expected => Ok(time),
            origin => Err(format!("{origin:?}, and not {expected:?}").into()),
        }
    };
    load(Origin::Compiled)?;
    let times = (0..TIMES).map(|_| load(Origin::Cached));
    let times = times.collect::<Result<Vec<_>>>()?;
    Ok(times.into_iter().min().ok_or("not once")?)
}
