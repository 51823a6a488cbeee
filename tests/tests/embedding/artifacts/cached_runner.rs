use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Result, bail, ensure};
use solti_metrics::{Event, MemoryMetrics, MetricsHandle, RunnerType, TaskOutcome};
use solti_metrics_host::artifact::{ArtifactCache, Artifacts, CacheCounters, Origin};
use solti_metrics_host::runner::{Program, Runner, Task, TaskEnd};
use solti_metrics_tests::guest::recording;
use tempfile::TempDir;

/// A runner with a cache in its own folder.
pub(crate) struct CachedRunner {
    folder: TempDir,
    pub(crate) cache: ArtifactCache,
    pub(crate) host: Host,
}

impl CachedRunner {
    pub(crate) fn new() -> Result<Self> {
        Self::with(|cache| cache)
    }

    pub(crate) fn with(change: impl FnOnce(ArtifactCache) -> ArtifactCache) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let cache = change(ArtifactCache::open(folder.path().join("cache"))?);
        let host = Host::new(Artifacts::new().cache(cache.clone()))?;
        Ok(Self {
            folder,
            cache,
            host,
        })
    }

    /// The view of another process on the same folder.
    pub(crate) fn again(&self) -> Result<(ArtifactCache, Host)> {
        let cache = ArtifactCache::open(self.dir())?;
        let host = Host::new(Artifacts::new().cache(cache.clone()))?;
        Ok((cache, host))
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    /// The only file with code.
    pub(crate) fn file(&self) -> Result<PathBuf> {
        match &files(&self.dir())?[..] {
            [file] => Ok(file.clone()),
            files => bail!("not one file: {files:?}"),
        }
    }

    pub(crate) fn counted(&self, expected: impl FnOnce(&mut CacheCounters)) -> Result<()> {
        let mut counters = CacheCounters::default();
        expected(&mut counters);
        let found = self.cache.counters();
        ensure!(found == counters, "{found:?}, not {counters:?}");
        Ok(())
    }
}

/// All files with code in a folder.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|it| it == "code") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// A runner whose records the test can read.
pub(crate) struct Host {
    pub(crate) runner: Runner,
    memory: Arc<MemoryMetrics>,
}

impl Host {
    pub(crate) fn new(artifacts: Artifacts) -> Result<Self> {
        let memory = Arc::new(MemoryMetrics::new());
        let runner = Runner::builder(memory.clone() as MetricsHandle).artifacts(artifacts);
        Ok(Self {
            runner: runner.build()?,
            memory,
        })
    }

    /// Loads [`guest`], and checks its records and the origin of its code.
    pub(crate) fn loads(&self, number: u64, origin: Origin) -> Result<()> {
        let program = self.runner.load("guest", &guest(number)?)?;
        ensure!(program.origin() == origin, "{:?}", program.origin());
        self.is_right(&program, number)
    }

    /// Runs a program, and checks that it is `guest` of this number.
    pub(crate) fn is_right(&self, program: &Program, number: u64) -> Result<()> {
        let before = self.memory.events().len();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let report = runtime.block_on(self.runner.run(program, Task::new()))?;
        ensure!(report.end == TaskEnd::Exited { code: 0 }, "{}", report.end);
        // The guest's records are between those of the runner.
        let events = self.memory.events();
        ensure!(events[before + 1] == event(number), "{events:?}");
        ensure!(events.len() == before + 3, "{events:?}");
        Ok(())
    }
}

/// A guest of this number. Each records another duration.
pub(crate) fn guest(number: u64) -> Result<Vec<u8>> {
    recording(&[event(number)])
}

fn event(number: u64) -> Event {
    Event::TaskCompleted {
        runner: RunnerType::Container,
        outcome: TaskOutcome::Canceled,
        duration_ms: number,
    }
}
