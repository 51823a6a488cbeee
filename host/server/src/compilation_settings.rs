//! Settings for compilation: compiler process, compilation cache and key.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use solti_metrics_host::artifact::{
    ArtifactCache, ArtifactKey, Artifacts, CompilerProcess, KeyError,
};

use crate::notices::Notices;

/// Settings for the compilation of components.
#[derive(Debug, Clone)]
pub struct CompilationSettings {
    /// Program that compiles components in a separate process, within these limits.
    /// `None` compiles in this process, without limits.
    pub compiler: Option<CompilerProcess>,
    /// Folder of the compilation cache. `None` disables the cache.
    pub cache: Option<PathBuf>,
    /// Maximum size of the compilation cache, in bytes.
    pub cache_size: u64,
    /// File with the key that authenticates precompiled files. `None` is the key in the
    /// folder of the compilation cache.
    pub artifact_key: Option<PathBuf>,
    /// Maximum memory for the compilation of a component, in bytes.
    pub compile_memory: u64,
    /// Maximum time to compile a component, for elapsed time and processor time each.
    pub compile_timeout: Duration,
}

impl CompilationSettings {
    /// Opens the compilation cache. A cache that cannot be used causes a warning, not an
    /// error.
    pub fn open(&self, notices: &dyn Notices) -> Option<ArtifactCache> {
        match ArtifactCache::open(self.cache.as_ref()?) {
            Ok(cache) => Some(cache.size(self.cache_size)),
            Err(error) => {
                notices.warn(&error.to_string());
                None
            }
        }
    }

    /// Builds the [`Artifacts`] with the key of the settings.
    ///
    /// # Errors
    ///
    /// When the key cannot be read.
    pub fn artifacts(&self, cache: Option<&ArtifactCache>) -> Result<Artifacts, KeyError> {
        let artifacts = self.without_key(cache);
        let key = self
            .artifact_key
            .as_deref()
            .map(ArtifactKey::read)
            .transpose();
        Ok(match key? {
            Some(key) => artifacts.key(key),
            None => artifacts,
        })
    }

    /// Builds the [`Artifacts`] with the key in the folder of the compilation cache.
    pub fn without_key(&self, cache: Option<&ArtifactCache>) -> Artifacts {
        let mut artifacts = Artifacts::new();
        if let Some(compiler) = self.compiler.clone() {
            let limited = compiler
                .memory(self.compile_memory)
                .cpu(self.compile_timeout)
                .wall(self.compile_timeout);
            artifacts = artifacts.compiler(limited);
        }
        match cache {
            Some(cache) => artifacts.cache(cache.clone()),
            None => artifacts,
        }
    }
}

/// Default folder of the compilation cache: `$XDG_CACHE_HOME/solti-metrics/code`, else
/// `~/.cache/solti-metrics/code`; `None` if neither variable is an absolute path.
pub fn default_cache() -> Option<PathBuf> {
    // The XDG specification says that relative paths are ignored.
    let folder = |name| {
        let path = PathBuf::from(env::var_os(name)?);
        path.is_absolute().then_some(path)
    };
    let caches = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")));
    // A subfolder, because other users may access other cached data of the project.
    Some(caches?.join("solti-metrics/code"))
}
