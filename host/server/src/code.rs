//! Settings for compilation: compiler process, compilation cache and key.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use solti_metrics_host::artifact::{
    ArtifactCache, ArtifactKey, Artifacts, CompilerProcess, KeyError,
};

use crate::notices::Notices;

/// How components become machine code.
#[derive(Debug, Clone)]
pub struct CodeWanted {
    /// The program that compiles in a process of its own, within these limits. `None`
    /// compiles in this process, without limits.
    pub compiler: Option<CompilerProcess>,
    /// The folder of compiled code. `None` keeps none.
    pub cache: Option<PathBuf>,
    /// Bytes that it may take there.
    pub size: u64,
    /// A file with the key that authenticates precompiled files. `None` is the key in the
    /// folder of compiled code.
    pub key: Option<PathBuf>,
    /// Bytes of memory that compiling a component may take.
    pub memory: u64,
    /// How long compiling a component may take, in time and in processor time.
    pub time: Duration,
}

impl CodeWanted {
    /// Opens the cache. One that cannot be used is a warning, and no reason to fail.
    pub fn open(&self, notices: &dyn Notices) -> Option<ArtifactCache> {
        match ArtifactCache::open(self.cache.as_ref()?) {
            Ok(cache) => Some(cache.size(self.size)),
            Err(error) => {
                notices.warn(&error.to_string());
                None
            }
        }
    }

    /// What compiles components, with the key that was named.
    ///
    /// # Errors
    ///
    /// When the key cannot be read.
    pub fn artifacts(&self, cache: Option<&ArtifactCache>) -> Result<Artifacts, KeyError> {
        let artifacts = self.without_key(cache);
        let key = self.key.as_deref().map(ArtifactKey::read).transpose();
        Ok(match key? {
            Some(key) => artifacts.key(key),
            None => artifacts,
        })
    }

    /// The same, with the key in the folder of compiled code.
    pub fn without_key(&self, cache: Option<&ArtifactCache>) -> Artifacts {
        let mut artifacts = Artifacts::new();
        if let Some(compiler) = self.compiler.clone() {
            let limited = compiler.memory(self.memory).cpu(self.time).wall(self.time);
            artifacts = artifacts.compiler(limited);
        }
        match cache {
            Some(cache) => artifacts.cache(cache.clone()),
            None => artifacts,
        }
    }
}

/// The folder of this user for compiled code: `$XDG_CACHE_HOME/solti-metrics/code`, else
/// `~/.cache/solti-metrics/code`; `None` if neither variable is an absolute path.
pub fn default_cache() -> Option<PathBuf> {
    // What is not absolute is to be ignored, says the specification.
    let folder = |name| {
        let path = PathBuf::from(env::var_os(name)?);
        path.is_absolute().then_some(path)
    };
    let caches = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")));
    // Beside what else of this project is kept there, which others may use.
    Some(caches?.join("solti-metrics/code"))
}
