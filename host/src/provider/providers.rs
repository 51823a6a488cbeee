use std::fmt;
use std::path::Path;
use std::sync::Arc;

use wasmtime::component::Linker;

use super::loaded::Loader;
use super::state::{ProviderState, linker};
use super::{Grants, Provider};
use crate::artifact::{ArtifactKey, Artifacts, EngineArtifacts, Given, Precompiled, read_whole};
use crate::component::LoadError;
use crate::engine::{BuildError, EngineSettings, Ticker};

/// Bytes of stack for a provider.
const STACK: usize = 512 << 10;

const SETTINGS: EngineSettings = EngineSettings {
    stack: STACK,
    asynchronous: false,
    fuel: false,
};

/// Builds [`Providers`]. A method that is called again replaces what it was told before.
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct ProvidersBuilder {
    artifacts: Artifacts,
    max_component: u64,
}

/// Loads providers. Clones share an engine, and the thread that interrupts what
/// runs on it.
#[derive(Clone)]
pub struct Providers {
    linker: Arc<Linker<ProviderState>>,
    artifacts: Arc<EngineArtifacts>,
    ticker: Arc<Ticker>,
    max_component: u64,
}

impl ProvidersBuilder {
    /// Bytes that a component may have. Default: 64 MiB.
    pub fn max_component(mut self, bytes: u64) -> Self {
        self.max_component = bytes;
        self
    }

    /// How components become machine code. Default: compiled in this process, and kept
    /// nowhere.
    pub fn artifacts(mut self, artifacts: Artifacts) -> Self {
        self.artifacts = artifacts;
        self
    }

    /// What loads providers, with an engine of its own and a thread that interrupts what
    /// runs on it.
    ///
    /// # Errors
    ///
    /// When wasmtime cannot be configured so on this machine, or there is no
    /// thread left.
    pub fn build(self) -> Result<Providers, BuildError> {
        let engine = SETTINGS.engine()?;
        let ticker = Ticker::start(&[&engine]).map_err(|reason| BuildError::Thread { reason })?;
        Ok(Providers {
            linker: Arc::new(linker(&engine)?),
            artifacts: Arc::new(EngineArtifacts::new(self.artifacts, SETTINGS, vec![engine])),
            ticker: Arc::new(ticker),
            max_component: self.max_component,
        })
    }
}

impl Providers {
    /// With the defaults, as [`builder`](Self::builder) builds it.
    ///
    /// # Errors
    ///
    /// As for [`ProvidersBuilder::build`].
    pub fn new() -> Result<Self, BuildError> {
        Self::builder().build()
    }

    /// Starts from the defaults.
    pub fn builder() -> ProvidersBuilder {
        ProvidersBuilder {
            artifacts: Artifacts::new(),
            max_component: 64 << 20,
        }
    }

    /// Loads a provider or a middleware from a file, which may be a precompiled one. If
    /// it has to be compiled, this thread is blocked.
    ///
    /// # Errors
    ///
    /// When the file is no component that can be a backend here, or it imports
    /// what is not granted.
    pub fn load_file(&self, path: &Path, grants: &Grants) -> Result<Provider, LoadError> {
        let key = self.artifacts.file_key();
        let given = Given::file(path, self.max_component, key)?;
        self.loader(grants).load(&path.display().to_string(), given)
    }

    /// Reads a component's file, to be [loaded](Self::load), and leaves it at that. Of a
    /// precompiled file that they have no key for, the code is not read.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or is larger than permitted.
    pub fn read(&self, path: &Path) -> Result<Vec<u8>, LoadError> {
        read_whole(path, self.max_component, self.artifacts.file_key())
    }

    /// Loads one from memory. `name` is its name in messages.
    ///
    /// # Errors
    ///
    /// As for [`load_file`](Self::load_file).
    pub fn load(&self, name: &str, bytes: &[u8], grants: &Grants) -> Result<Provider, LoadError> {
        let given = Given::bytes(name, bytes, self.max_component)?;
        self.loader(grants).load(name, given)
    }

    /// Makes a file of a component that [`load_file`](Self::load_file) takes in its
    /// place, and that need not be compiled by whoever has the key and the same version
    /// and machine. What it has to be granted is asked when it is loaded.
    ///
    /// # Errors
    ///
    /// When it is no component that can be a backend here.
    pub fn precompile(
        &self,
        name: &str,
        bytes: &[u8],
        key: &ArtifactKey,
    ) -> Result<Precompiled, LoadError> {
        let given = Given::bytes(name, bytes, self.max_component)?;
        self.loader(&Grants::new()).precompile(name, given, key)
    }

    fn loader<'a>(&'a self, grants: &'a Grants) -> Loader<'a> {
        Loader {
            linker: &self.linker,
            artifacts: &self.artifacts,
            ticker: &self.ticker,
            grants,
        }
    }
}

impl fmt::Debug for Providers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Providers")
            .field("max_component", &self.max_component)
            .finish_non_exhaustive()
    }
}
