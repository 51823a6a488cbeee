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

/// What components' files are, each loaded once however many tasks run it.
pub(super) struct Programs {
    runner: Runner,
    reads: Reads,
    notices: Arc<dyn Notices>,
    /// Since it was last forgotten what the files are.
    loaded: Mutex<HashMap<PathBuf, Loaded>>,
    /// Of the last time: what has not changed is not loaded again.
    before: Mutex<HashMap<PathBuf, Loaded>>,
}

/// A program, and the digest of the file that it was made of.
#[derive(Clone)]
pub(super) struct Loaded {
    pub(super) program: Program,
    digest: blake3::Hash,
}

impl Loaded {
    /// Whether the files had the same bytes.
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

    /// Looks at the files again from here on.
    pub(super) fn forget(&self) {
        *self.before.lock() = std::mem::take(&mut *self.loaded.lock());
    }

    /// Reads the file, and compiles it if it is new. One after another: what compiles
    /// one takes all processors there are, and its memory is bounded for each.
    pub(super) async fn load(self: &Arc<Self>, file: PathBuf) -> Result<Loaded, Error> {
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
            .map_err(Error::given_up("loading"))?
    }

    fn make(&self, file: PathBuf, bytes: &[u8]) -> Result<Loaded, Error> {
        let digest = blake3::hash(bytes);
        let same = |loaded: &&Loaded| loaded.digest == digest;
        let before = self.before.lock().get(&file).filter(same).cloned();
        let loaded = match before {
            Some(loaded) => loaded,
            None => {
                let program = self.runner.load(&file.display().to_string(), bytes)?;
                if let Some(refusal) = program.refusal() {
                    self.notices.refused(program.name(), refusal);
                }
                Loaded { program, digest }
            }
        };
        self.loaded.lock().insert(file, loaded.clone());
        Ok(loaded)
    }
}
