use std::fmt;
use std::path::Path;
use std::sync::Arc;

use wasmtime::component::Linker;

use super::state::{ProviderState, linker};
use super::{BuildError, Grants, LoadError, Provider};
use crate::sandbox::{Ticker, engine, read, within};

/// Bytes of stack for a provider.
const STACK: usize = 512 << 10;

/// Loads providers. Clones share an engine, and the thread that interrupts what
/// runs on it.
#[derive(Clone)]
pub struct Providers {
    linker: Arc<Linker<ProviderState>>,
    ticker: Arc<Ticker>,
    max_component: u64,
}

impl Providers {
    /// With an engine of its own.
    ///
    /// # Errors
    ///
    /// When wasmtime cannot be configured so on this machine, or there is no
    /// thread left.
    pub fn new() -> Result<Self, BuildError> {
        let engine = engine(STACK)?;
        let ticker = Ticker::start(&engine).map_err(|source| BuildError::Thread { source })?;
        Ok(Self {
            linker: Arc::new(linker(&engine)?),
            ticker: Arc::new(ticker),
            max_component: 64 << 20,
        })
    }

    /// Bytes that a component may have. Default: 64 MiB.
    #[must_use]
    pub fn max_component(mut self, bytes: u64) -> Self {
        self.max_component = bytes;
        self
    }

    /// Loads a provider or a middleware from a file. It is compiled here, which
    /// blocks this thread.
    ///
    /// # Errors
    ///
    /// When the file is no component that can be a backend here, or it imports
    /// what is not granted.
    pub fn load_file(&self, path: &Path, grants: &Grants) -> Result<Provider, LoadError> {
        let bytes = read(path, self.max_component)?;
        self.load(&path.display().to_string(), &bytes, grants)
    }

    /// Loads one from memory. `name` is its name in messages.
    ///
    /// # Errors
    ///
    /// As for [`load_file`](Self::load_file).
    pub fn load(&self, name: &str, bytes: &[u8], grants: &Grants) -> Result<Provider, LoadError> {
        within(self.max_component, name, bytes)?;
        Provider::load(name, bytes, grants, &self.linker, &self.ticker)
    }
}

impl fmt::Debug for Providers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Providers")
            .field("max_component", &self.max_component)
            .finish_non_exhaustive()
    }
}
