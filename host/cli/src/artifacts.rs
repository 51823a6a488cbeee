//! How components become machine code, as it was asked for on the command line.

use std::io;
use std::path::PathBuf;

use bytesize::ByteSize;
use clap::Args;
use solti_metrics_host::artifact::{ArtifactCache, Artifacts, CompilerProcess, Refusal};
use solti_metrics_server::time::Bound;
use solti_metrics_server::{CompilationSettings, Notices, default_cache};

use crate::voice::Voice;

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
    fn wanted(&self) -> anyhow::Result<CompilationSettings> {
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

    /// Opens the cache. One that cannot be used is no reason to fail.
    pub(crate) fn open(&self) -> anyhow::Result<Option<ArtifactCache>> {
        Ok(self.wanted()?.open(&Voice))
    }

    /// What runs components, with the key that was named.
    pub(crate) fn artifacts(&self) -> anyhow::Result<Artifacts> {
        let wanted = self.wanted()?;
        Ok(wanted.artifacts(wanted.open(&Voice).as_ref())?)
    }

    /// In a process of its own, and kept there if there is a place.
    pub(crate) fn without_key(&self, cache: Option<&ArtifactCache>) -> anyhow::Result<Artifacts> {
        Ok(self.wanted()?.without_key(cache))
    }
}

/// This program, as it compiles for another process.
pub(crate) fn compiler() -> io::Result<CompilerProcess> {
    Ok(CompilerProcess::this_program()?.arg(COMPILE_WORKER))
}

/// Says that precompiled code was of no use.
pub(crate) fn tell(name: &str, refusal: Option<Refusal>) {
    if let Some(refusal) = refusal {
        Voice.refused(name, refusal);
    }
}
