//! Changed precompiled files and cache entries: only authentic code runs.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use anyhow::{Context, Result, anyhow, bail, ensure};
use solti_metrics::{Event, MemoryMetrics, RunnerType};
use solti_metrics_host::artifact::{ArtifactCache, ArtifactKey, Artifacts, Origin};
use solti_metrics_host::runner::{Program, RecordingMode, Runner, Task};
use solti_metrics_tests::guest::recording;
use solti_metrics_tests::runs::{Seen, remembering_within, seen_by};
use tempfile::TempDir;

use crate::oracle::is_one_line;
use crate::reach::reached;
use crate::target::{Limits, Target};

pub(super) const TARGET: Target = Target {
    name: "sealed_files",
    run,
    seeds: &[],
    words: &["\0asm\r\0\u{1}\0", "solti"],
    longest: 200,
    limits: Limits::WASM,
};

/// A guest, its precompiled file, and a cache with its code.
struct Sealed {
    _folder: TempDir,
    runner: Runner,
    memory: Arc<MemoryMetrics>,
    cached: Runner,
    cached_memory: Arc<MemoryMetrics>,
    guest: Vec<u8>,
    file: Vec<u8>,
    entry: PathBuf,
    code: Vec<u8>,
    seen: Seen,
}

static SEALED: LazyLock<Result<Sealed>> = LazyLock::new(|| {
    let folder = TempDir::new()?;
    let key = ArtifactKey::read_or_create(&folder.path().join("key"))?;
    let runner = RunnerType::Wasm;
    let guest = recording(&[Event::TaskStarted { runner }; 3])?;
    let mode = RecordingMode::Inline;
    let artifacts = Artifacts::new().key(key.clone());
    let (runner, memory) = remembering_within(mode, |runner| runner.artifacts(artifacts))?;
    let file = runner.precompile("guest", &guest, &key)?.0.bytes;
    let program = runner.load("guest", &file)?;
    ensure!(program.origin() == Origin::Precompiled, "{program:?}");
    let seen = seen_by(&runner, &memory, &program, Task::new())?;

    let cache = ArtifactCache::open(folder.path().join("cache"))?;
    let entries = cache.dir().to_owned();
    let artifacts = Artifacts::new().cache(cache);
    let (cached, cached_memory) = remembering_within(mode, |runner| runner.artifacts(artifacts))?;
    cached.load("guest", &guest)?;
    let mut entry = None;
    for file in fs::read_dir(entries)? {
        let path = file?.path();
        entry = path.extension().is_some_and(|it| it == "code").then_some(path).or(entry);
    }
    let entry = entry.context("the cache has no code")?;
    let code = fs::read(&entry)?;
    Ok(Sealed {
        _folder: folder,
        runner,
        memory,
        cached,
        cached_memory,
        guest,
        file,
        entry,
        code,
        seen,
    })
});

fn run(input: &[u8]) -> Result<()> {
    let sealed = SEALED.as_ref().map_err(|error| anyhow!("{error:#}"))?;
    match input.split_first() {
        Some((b'c', changes)) => sealed.entry(changes),
        Some((_, changes)) => sealed.file(changes),
        None => Ok(()),
    }
}

impl Sealed {
    /// A changed file has no authentic code, unless the change is in the component at its end,
    /// which is not needed then.
    fn file(&self, changes: &[u8]) -> Result<()> {
        let file = changed(&self.file, changes);
        let sealed = self.file.len() - self.guest.len();
        let intact = file.len() == self.file.len() && file[..sealed] == self.file[..sealed];
        let program = match self.runner.load("guest", &file) {
            Ok(program) => program,
            Err(error) => {
                ensure!(file != self.file, "the file itself is rejected: {error}");
                return is_one_line(&error.to_string());
            }
        };
        reached();
        if program.origin() == Origin::Precompiled {
            ensure!(intact, "changed code is used");
            return self.runs(&self.runner, &self.memory, &program);
        }
        ensure!(file != self.file, "the file itself is compiled again");
        // The text of the refusal is for a line of a log.
        if let Some(refusal) = program.refusal() {
            is_one_line(&refusal.to_string())?;
        }
        if file.ends_with(&self.guest) {
            return self.runs(&self.runner, &self.memory, &program);
        }
        Ok(())
    }

    /// A changed entry of the cache is compiled again, with the same result.
    fn entry(&self, changes: &[u8]) -> Result<()> {
        let code = changed(&self.code, changes);
        fs::write(&self.entry, &code)?;
        let program = self.cached.load("guest", &self.guest)?;
        match program.origin() {
            Origin::Cached if code == self.code => {}
            Origin::Compiled if code != self.code => {}
            other => bail!("{other:?} of an entry with {} bytes", code.len()),
        }
        self.runs(&self.cached, &self.cached_memory, &program)
    }

    fn runs(&self, runner: &Runner, memory: &MemoryMetrics, program: &Program) -> Result<()> {
        memory.clear();
        let seen = seen_by(runner, memory, program, Task::new())?;
        ensure!(seen == self.seen, "{seen:?}, not {:?}", self.seen);
        Ok(())
    }
}

/// A copy with changes, each of six bytes: the kind, a position of 32 bits, and a value.
fn changed(bytes: &[u8], changes: &[u8]) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    for change in changes.chunks_exact(6) {
        let position = u32::from_le_bytes([change[1], change[2], change[3], change[4]]) as usize;
        // Most changes are in the first 256 bytes, where the header is, or in the last.
        let at = match change[0] % 4 {
            0 => position % 256,
            1 => changed.len().saturating_sub(1 + position % 256),
            _ => position % changed.len().max(1),
        };
        match (change[0] / 4 % 4, changed.get_mut(at)) {
            (0, Some(byte)) => *byte ^= 1 << (change[5] % 8),
            (1, Some(byte)) => *byte = change[5],
            (2, Some(_)) => changed.truncate(at),
            (_, _) => changed.insert(at.min(changed.len()), change[5]),
        }
    }
    changed
}
