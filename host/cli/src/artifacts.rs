//! Options for the compilation of components and for the compilation cache.

use std::io;
use std::path::PathBuf;

use bytesize::ByteSize;
use clap::Args;
use solti_metrics_host::artifact::{ArtifactCache, Artifacts, CompilerProcess, Refusal};
use solti_metrics_server::time::Bound;
use solti_metrics_server::{CompilationSettings, Notices, default_cache};

use crate::messages::MessageNotices;

const HEADING: &str = "Compilation";

/// Argument that starts this program as a compiler for another process.
pub(crate) const COMPILE_WORKER: &str = "compile-worker";

#[derive(Debug, Args)]
pub(crate) struct ArtifactArgs {
    /// Folder of the compilation cache, which only your user may access.
    ///
    /// Default: `$XDG_CACHE_HOME/solti-metrics/code`, else `~/.cache/solti-metrics/code`.
    #[arg(long, value_name = "DIR", conflicts_with = "no_cache", help_heading = HEADING)]
    cache: Option<PathBuf>,

    /// Do not use the compilation cache.
    #[arg(long, help_heading = HEADING)]
    no_cache: bool,

    /// Maximum size of the compilation cache. Entries that were unused for the longest time
    /// are removed first.
    #[arg(long, value_name = "SIZE", default_value = "1GiB", help_heading = HEADING)]
    cache_size: ByteSize,

    /// File with the key that authenticates precompiled files: 64 hexadecimal digits.
    ///
    /// Default: the key in the folder of the compilation cache.
    #[arg(long, value_name = "FILE", help_heading = HEADING)]
    pub(crate) artifact_key: Option<PathBuf>,

    /// Maximum memory of the process that compiles a component, as address space: up to twice
    /// the memory in use.
    #[arg(long, value_name = "SIZE", default_value = "1GiB", help_heading = HEADING)]
    compile_memory: ByteSize,

    /// Maximum time to compile a component, for elapsed time and processor time each: from
    /// 1ms to 365d.
    #[arg(long, value_name = "TIME", default_value = "2m", help_heading = HEADING)]
    compile_timeout: Bound,
}

impl ArtifactArgs {
    fn settings(&self) -> anyhow::Result<CompilationSettings> {
        Ok(CompilationSettings {
            compiler: Some(compiler()?),
            cache: match &self.cache {
                _ if self.no_cache => None,
                Some(dir) => Some(dir.clone()),
                None => default_cache(),
            },
            cache_size: self.cache_size.as_u64(),
            artifact_key: self.artifact_key.clone(),
            compile_memory: self.compile_memory.as_u64(),
            compile_timeout: self.compile_timeout.0,
        })
    }

    /// Opens the compilation cache. A cache that cannot be used is a warning, not an error.
    pub(crate) fn open(&self) -> anyhow::Result<Option<ArtifactCache>> {
        Ok(self.settings()?.open(&MessageNotices))
    }

    /// Compiles components in a separate process, with the compilation cache and the
    /// artifact key of the command line.
    pub(crate) fn artifacts(&self) -> anyhow::Result<Artifacts> {
        let settings = self.settings()?;
        Ok(settings.artifacts(settings.open(&MessageNotices).as_ref())?)
    }

    /// Compiles components in a separate process, without an artifact key. Uses `cache` if
    /// there is one.
    pub(crate) fn without_key(&self, cache: Option<&ArtifactCache>) -> anyhow::Result<Artifacts> {
        Ok(self.settings()?.without_key(cache))
    }
}

/// This program as a compiler process.
pub(crate) fn compiler() -> io::Result<CompilerProcess> {
    Ok(CompilerProcess::this_program()?.arg(COMPILE_WORKER))
}

/// Warns that the precompiled code of a component was not used.
pub(crate) fn warn_refusal(name: &str, refusal: Option<Refusal>) {
    if let Some(refusal) = refusal {
        MessageNotices.refused(name, refusal);
    }
}
