//! Start times with cached code.

use std::fs;
use std::time::{Duration, Instant};

use solti_metrics::noop_metrics;
use solti_metrics_host::artifact::{ArtifactCache, Artifacts, Origin};
use solti_metrics_host::runner::Runner;

use super::Result;

/// Number of measurements. The fastest counts: other load on the machine only slows a
/// measurement down.
const TIMES: usize = 9;

/// Measures how long a runner takes to load this component from its file if its code is
/// cached. The runner looks the code up by the component's bytes, reads it and
/// authenticates it.
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
