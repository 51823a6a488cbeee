//! How components become machine code, as it was asked for on the command line.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use clap::Args;
use solti_metrics_host::artifact::{
    ArtifactCache, ArtifactKey, Artifacts, CompilerProcess, KeyError, Refusal,
};
use solti_metrics_host::runner::printable;

use crate::time::Bound;
use crate::voice::complain;

const HEADING: &str = "Compiling";

/// The argument by which this program is told to compile for another process.
pub(crate) const COMPILE_WORKER: &str = "compile-worker";

#[derive(Debug, Args)]
pub(crate) struct ArtifactArgs {
    /// Keep compiled code in this folder, which nobody else may use.
    ///
    /// Default: `$XDG_CACHE_HOME/solti-metrics/code`, else
    /// `~/.cache/solti-metrics/code`.
    #[arg(long, value_name = "DIR", conflicts_with = "no_cache", help_heading = HEADING)]
    cache: Option<PathBuf>,

    /// Keep no compiled code, and use none that was kept.
    #[arg(long, help_heading = HEADING)]
    no_cache: bool,

    /// What kept code may take; what was not used for the longest time goes first.
    #[arg(long, value_name = "SIZE", default_value = "1GiB", help_heading = HEADING)]
    cache_size: ByteSize,

    /// What authenticates precompiled files: a file with 64 hexadecimal digits.
    ///
    /// Default: the key in the folder of kept code.
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    pub(crate) artifact_key: Option<PathBuf>,

    /// Memory that compiling a component may take.
    #[arg(long, value_name = "SIZE", default_value = "6GiB", help_heading = HEADING)]
    compile_memory: ByteSize,

    /// How long compiling a component may take, in time and in processor time: from 1ms to
    /// 365d.
    #[arg(long, value_name = "TIME", default_value = "2m", help_heading = HEADING)]
    compile_timeout: Bound,
}

impl ArtifactArgs {
    fn wanted(&self) -> CodeWanted {
        CodeWanted {
            cache: match &self.cache {
                _ if self.no_cache => None,
                Some(dir) => Some(dir.clone()),
                None => default_dir(),
            },
            size: self.cache_size.as_u64(),
            key: self.artifact_key.clone(),
            memory: self.compile_memory.as_u64(),
            time: self.compile_timeout.0,
        }
    }

    /// Opens the cache. One that cannot be used is no reason to fail.
    pub(crate) fn open(&self) -> Option<ArtifactCache> {
        self.wanted().open()
    }

    /// What runs components, with the key that was named.
    pub(crate) fn artifacts(&self) -> anyhow::Result<Artifacts> {
        let wanted = self.wanted();
        wanted.artifacts(wanted.open().as_ref())
    }

    /// In a process of its own, and kept there if there is a place.
    pub(crate) fn without_key(&self, cache: Option<&ArtifactCache>) -> anyhow::Result<Artifacts> {
        self.wanted().without_key(cache)
    }
}

/// How components become machine code.
pub(crate) struct CodeWanted {
    /// Where it is kept, if it is.
    pub(crate) cache: Option<PathBuf>,
    /// Bytes that it may take there.
    pub(crate) size: u64,
    pub(crate) key: Option<PathBuf>,
    /// Bytes that compiling may take.
    pub(crate) memory: u64,
    pub(crate) time: Duration,
}

impl CodeWanted {
    /// Opens the cache. One that cannot be used is no reason to fail.
    pub(crate) fn open(&self) -> Option<ArtifactCache> {
        match ArtifactCache::open(self.cache.as_ref()?) {
            Ok(cache) => Some(cache.size(self.size)),
            Err(error) => {
                complain(format_args!("warning: {error}"));
                None
            }
        }
    }

    /// What runs components, with the key that was named.
    pub(crate) fn artifacts(&self, cache: Option<&ArtifactCache>) -> anyhow::Result<Artifacts> {
        let artifacts = self.without_key(cache)?;
        let key: Result<_, KeyError> = self.key.as_deref().map(ArtifactKey::read).transpose();
        Ok(match key? {
            Some(key) => artifacts.key(key),
            None => artifacts,
        })
    }

    fn without_key(&self, cache: Option<&ArtifactCache>) -> anyhow::Result<Artifacts> {
        let compiler = CompilerProcess::this_program()?
            .arg(COMPILE_WORKER)
            .memory(self.memory)
            .cpu(self.time)
            .wall(self.time);
        let artifacts = Artifacts::new().compiler(compiler);
        Ok(match cache {
            Some(cache) => artifacts.cache(cache.clone()),
            None => artifacts,
        })
    }
}

/// Where programs of this user keep what they can do without.
pub(crate) fn default_dir() -> Option<PathBuf> {
    // What is not absolute is to be ignored, says the specification.
    let folder = |name| {
        let path = PathBuf::from(env::var_os(name)?);
        path.is_absolute().then_some(path)
    };
    let caches = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")));
    // Beside what else of this project is kept there, which others may use.
    Some(caches?.join("solti-metrics/code"))
}

/// Says that precompiled code was of no use.
pub(crate) fn tell(name: &str, refusal: Option<Refusal>) {
    if let Some(reason) = refusal {
        let name = printable(name);
        complain(format_args!(
            "warning: {name}: {reason}; it was compiled from its component"
        ));
    }
}
