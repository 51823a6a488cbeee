//! How components become machine code, and where that is kept.
//!
//! To compile a large component takes seconds, and one that is made to hurt takes all
//! memory there is. So it can be done in a process of its own, within limits, and done
//! once:
//!
//! ```no_run
//! use solti_metrics_host::artifact::{ArtifactCache, Artifacts, CompilerProcess};
//! use solti_metrics_host::noop_metrics;
//! use solti_metrics_host::provider::Providers;
//! use solti_metrics_host::runner::Runner;
//!
//! # fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let cache = ArtifactCache::open("/var/cache/tasks")?.size(4 << 30);
//! let compiler = CompilerProcess::this_program()?.arg("compile-worker");
//! let artifacts = Artifacts::new().cache(cache.clone()).compiler(compiler);
//!
//! let runner = Runner::builder(noop_metrics()).artifacts(artifacts.clone()).build()?;
//! let providers = Providers::builder().artifacts(artifacts).build()?;
//! let program = runner.load_file("digest.wasm".as_ref())?;
//! println!("{:?}, {:?}", program.origin(), cache.counters());
//! # Ok(())
//! # }
//! ```
//!
//! Unless it is told so, a runner compiles in this process, and keeps nothing.
//!
//! # What authentication is good for
//!
//! Code is executed, so whoever can exchange it can do whatever this process can; and
//! of flipped bits most do not even crash. Kept code therefore carries a digest with a
//! key. It is authenticated, and only then loaded, from the same open file or the same
//! memory; what is not authentic, or not what its name says, is removed and compiled
//! again.
//!
//! That protects from disks that rot, from writes that were interrupted, and from
//! whoever can write to a folder or an image and does not have the key. It does not
//! protect from whoever can read the key: any program of the same user can read that of
//! a cache, and write code that is authentic. Nor does it tell anything about the
//! component, which is as trusted or not as it was, and runs in the same sandbox.
//!
//! The same holds for the process that compiles. It is bounded in memory and time, and
//! the code that it answers is executed: its limits protect from components that
//! exhaust a machine. From one that found a way to take the compiler over they protect
//! no more than if it had run here.

mod address;
mod cache;
mod child;
mod code;
mod compiler;
mod counters;
mod engine;
mod engines;
mod error;
mod folder;
mod found;
mod given;
mod here;
mod key;
mod order;
mod outside;
mod sealed;
mod sealed_file;
mod this_program;
mod worker;

pub use cache::ArtifactCache;
pub use compiler::CompilerProcess;
pub use counters::{CacheCounters, Compilations};
pub use error::{CacheError, Refusal};
pub use key::{ArtifactKey, KeyError};
pub use worker::compile_worker;

#[cfg(feature = "runner")]
pub(crate) use address::Digest;
pub(crate) use address::Kind;
#[cfg(feature = "runner")]
pub(crate) use code::ShimComponent;
#[cfg(feature = "runner")]
pub(crate) use engine::ShimError;
pub(crate) use engine::{EngineArtifacts, Inspected, Loaded, Ready};
pub(crate) use found::{Found, NotUsed};
pub(crate) use given::Given;
pub(crate) use given::read_whole;

use std::borrow::Cow;
use std::sync::Arc;

use self::counters::CompileCounts;
use crate::component::LoadError;

/// How components become machine code. Clones share a cache, and count together.
///
/// By default they are compiled in the process that asks, each time.
#[derive(Debug, Clone, Default)]
pub struct Artifacts {
    cache: Option<ArtifactCache>,
    key: Option<ArtifactKey>,
    compiler: Option<CompilerProcess>,
    compilations: Arc<CompileCounts>,
}

/// Where the code of a component has come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// It was compiled when the component was loaded.
    Compiled,
    /// It was kept in a cache.
    Cached,
    /// It was in the component's own file.
    Precompiled,
}

/// A file with a component and its code, to be loaded in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Precompiled {
    /// What is in the file.
    pub bytes: Vec<u8>,
    /// Where the code has come from.
    pub origin: Origin,
}

impl Artifacts {
    /// Compiles in this process, and keeps nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps code there.
    #[must_use]
    pub fn cache(mut self, cache: ArtifactCache) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Authenticates the code in precompiled files with this key, instead of that of
    /// the cache. The code in a file without one that fits is not used.
    #[must_use]
    pub fn key(mut self, key: ArtifactKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Compiles in a process of its own.
    #[must_use]
    pub fn compiler(mut self, compiler: CompilerProcess) -> Self {
        self.compiler = Some(compiler);
        self
    }

    /// What whoever was given this, or a clone of it, has compiled so far.
    #[must_use]
    pub fn compilations(&self) -> Compilations {
        self.compilations.read()
    }

    /// What precompiled files are authenticated with.
    fn file_key(&self) -> Option<&ArtifactKey> {
        let of_cache = || self.cache.as_ref().map(ArtifactCache::key);
        self.key.as_ref().or_else(of_cache)
    }
}

/// The component in what was read from a file: of a precompiled one, what it was made
/// of; all of it otherwise.
///
/// # Errors
///
/// When the file was precompiled, and is cut off.
pub fn component_in<'a>(name: &str, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>, LoadError> {
    Given::bytes(name, bytes, u64::MAX)?.component()
}
