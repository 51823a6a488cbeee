//! The loader of providers, and its builder.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::loaded::{ProviderEngine, ProviderLoader};
use super::state::linker;
use super::{Grants, Provider};
use crate::artifact::{
    ArtifactKey, Artifacts, CodeInput, EngineArtifacts, Precompiled, read_whole,
};
use crate::component::LoadError;
use crate::engine::{BuildError, ByInlining, EngineSettings, Ticker};

/// Stack of a provider, in bytes.
const STACK: usize = 512 << 10;

const SETTINGS: EngineSettings = EngineSettings {
    stack: STACK,
    asynchronous: false,
    fuel: false,
    inlining: true,
};

/// Builds [`Providers`]. A second call of a method replaces the value of the first.
#[derive(Debug, Clone)]
#[must_use = "a builder does nothing until it is built"]
pub struct ProvidersBuilder {
    artifacts: Artifacts,
    max_component: u64,
}

/// Loads providers. Clones share the engines, and the thread that interrupts providers on them.
#[derive(Clone)]
pub struct Providers {
    /// Engines with inlining, and without it for large components.
    engines: Arc<ByInlining<ProviderEngine>>,
    ticker: Arc<Ticker>,
    max_component: u64,
}

impl ProvidersBuilder {
    /// Sets the maximum size of a component, in bytes. Default: 64 MiB.
    pub fn max_component(mut self, bytes: u64) -> Self {
        self.max_component = bytes;
        self
    }

    /// Sets how components become machine code. Default: compiled in this process, without a cache.
    pub fn artifacts(mut self, artifacts: Artifacts) -> Self {
        self.artifacts = artifacts;
        self
    }

    /// Builds a loader of providers, with its own engines and a thread that interrupts providers
    /// on them.
    ///
    /// # Errors
    ///
    /// When this machine does not support the wasmtime configuration, or no thread can be started.
    pub fn build(self) -> Result<Providers, BuildError> {
        let engines = ByInlining::try_new(|inlining| {
            let settings = EngineSettings {
                inlining,
                ..SETTINGS
            };
            let linker = linker(&settings.engine()?)?;
            let engine = vec![linker.engine().clone()];
            let artifacts = EngineArtifacts::new(self.artifacts.clone(), settings, engine);
            Ok::<_, BuildError>(ProviderEngine { linker, artifacts })
        })?;
        let ticker = Ticker::start(&engines.both().map(|it| it.linker.engine()))
            .map_err(|reason| BuildError::Thread { reason })?;
        Ok(Providers {
            engines: Arc::new(engines),
            ticker: Arc::new(ticker),
            max_component: self.max_component,
        })
    }
}

impl Providers {
    /// Builds the default configuration of [`builder`](Self::builder).
    ///
    /// # Errors
    ///
    /// As for [`ProvidersBuilder::build`].
    pub fn new() -> Result<Self, BuildError> {
        Self::builder().build()
    }

    /// A builder with the defaults.
    pub fn builder() -> ProvidersBuilder {
        ProvidersBuilder {
            artifacts: Artifacts::new(),
            max_component: 64 << 20,
        }
    }

    /// Loads a provider or a middleware from a file, which may be a precompiled one. Compilation
    /// blocks this thread.
    ///
    /// # Errors
    ///
    /// When the file is not a component that can be a backend here, or the component imports an
    /// interface that is not granted.
    pub fn load_file(&self, path: &Path, grants: &Grants) -> Result<Provider, LoadError> {
        let key = self.file_key();
        let given = CodeInput::file(path, self.max_component, key)?;
        self.loader(grants).load(&path.display().to_string(), given)
    }

    /// Reads a component's file, without [loading](Self::load) it. The code of a precompiled file
    /// is not read if its key is not configured.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, or exceeds the maximum size.
    pub fn read(&self, path: &Path) -> Result<Vec<u8>, LoadError> {
        read_whole(path, self.max_component, self.file_key())
    }

    /// Loads a component from memory. `name` is its name in messages.
    ///
    /// # Errors
    ///
    /// As for [`load_file`](Self::load_file).
    pub fn load(&self, name: &str, bytes: &[u8], grants: &Grants) -> Result<Provider, LoadError> {
        let given = CodeInput::bytes(name, bytes, self.max_component)?;
        self.loader(grants).load(name, given)
    }

    /// Makes a precompiled file of a component. [`load_file`](Self::load_file) accepts it in place
    /// of the component, and does not compile it, with the same key, version and machine. The
    /// grants are checked when the file is loaded.
    ///
    /// # Errors
    ///
    /// When the bytes are not a component that can be a backend here.
    pub fn precompile(
        &self,
        name: &str,
        bytes: &[u8],
        key: &ArtifactKey,
    ) -> Result<Precompiled, LoadError> {
        let given = CodeInput::bytes(name, bytes, self.max_component)?;
        self.loader(&Grants::new()).precompile(name, given, key)
    }

    fn file_key(&self) -> Option<&ArtifactKey> {
        self.engines.of(true).artifacts.file_key()
    }

    fn loader<'a>(&'a self, grants: &'a Grants) -> ProviderLoader<'a> {
        ProviderLoader {
            engines: &self.engines,
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
