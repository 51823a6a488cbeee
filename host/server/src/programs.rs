//! Loads the components of tasks, each file once.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;
use solti_metrics_host::runner::{Program, Runner};
use tokio::task::spawn_blocking;

use crate::error::Error;
use crate::notices::Notices;
use crate::reading::Reads;

/// Programs by component file. A file is loaded once, even if several tasks run it.
pub(super) struct Programs {
    runner: Runner,
    reads: Reads,
    notices: Arc<dyn Notices>,
    /// Programs since the last reload.
    loaded: Mutex<HashMap<PathBuf, LoadedProgram>>,
    /// Programs of the previous reload: unchanged files are not loaded again.
    before: Mutex<HashMap<PathBuf, LoadedProgram>>,
}

/// A program, and the digest of its file.
#[derive(Clone)]
pub(super) struct LoadedProgram {
    pub(super) program: Program,
    digest: blake3::Hash,
}

impl LoadedProgram {
    /// Whether the files have the same name and content.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.digest == other.digest && self.program.name() == other.program.name()
    }
}

impl Programs {
    pub(super) fn new(runner: Runner, reads: Reads, notices: Arc<dyn Notices>) -> Self {
        Self {
            runner,
            reads,
            notices,
            loaded: Mutex::default(),
            before: Mutex::default(),
        }
    }

    /// Makes later loads read the files again.
    pub(super) fn forget(&self) {
        *self.before.lock() = std::mem::take(&mut *self.loaded.lock());
    }

    /// Reads the file, and compiles it if its content is new. Components are compiled one
    /// after another: each compilation uses all processors, and has its own memory limit.
    pub(super) async fn load(self: &Arc<Self>, file: PathBuf) -> Result<LoadedProgram, Error> {
        if let Some(loaded) = self.loaded.lock().get(&file) {
            return Ok(loaded.clone());
        }
        let read = {
            let (runner, file) = (self.runner.clone(), file.clone());
            move || runner.read(&file)
        };
        let bytes = self.reads.in_time(&file, read).await??;
        let this = Arc::clone(self);
        spawn_blocking(move || this.make(file, &bytes))
            .await
            .map_err(Error::aborted("loading"))?
    }

    fn make(&self, file: PathBuf, bytes: &[u8]) -> Result<LoadedProgram, Error> {
        let digest = blake3::hash(bytes);
        let same = |loaded: &&LoadedProgram| loaded.digest == digest;
        let before = self.before.lock().get(&file).filter(same).cloned();
        let loaded = match before {
            Some(loaded) => loaded,
            None => {
                let program = self.runner.load(&file.display().to_string(), bytes)?;
                if let Some(refusal) = program.refusal() {
                    self.notices.refused(program.name(), refusal);
                }
                LoadedProgram { program, digest }
            }
        };
        self.loaded.lock().insert(file, loaded.clone());
        Ok(loaded)
    }
}
