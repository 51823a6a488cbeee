//! Compilation of components to machine code, and the compilation cache.
//!
//! Compiling a large component takes seconds, and compiling a malicious one can take all
//! memory. So a separate process can compile, within limits, and a cache avoids that a
//! component is compiled twice:
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
//! By default a runner compiles in this process, without a cache.
//!
//! # Authentication
//!
//! Code is executed, so a person who can replace it can do anything that this process can; and most
//! flipped bits do not even cause a crash. Cached code therefore carries a digest with a key. The
//! host authenticates the code before it loads it, from the same open file or the same memory. Code
//! that is not authentic, or does not match its name, is removed and compiled again.
//!
//! Authentication protects from disk errors, from interrupted writes, and from an attacker who can
//! write to a folder or an image and does not have the key. Authentication does not protect from an
//! attacker who can read the key: any program of the same user can read the key of a cache, and
//! write authentic code. Authentication also says nothing about the component, which is trusted no
//! more than before, and runs in the same sandbox.
//!
//! The same applies to the compiler process. Its memory and time are limited, and the code
//! that it returns is executed: its limits protect from components that exhaust a machine.
//! They do not protect from a component that takes the compiler over, as if the compiler had
//! run in this process.

mod address;
mod cache;
mod child;
mod code_input;
mod compiler;
mod counters;
mod engine;
mod engines;
mod error;
mod folder;
mod found_code;
mod here;
mod key;
mod order;
mod outside;
mod sealed;
mod sealed_file;
mod sync;
mod this_program;
mod unfinished;
mod worker;

pub use cache::ArtifactCache;
pub use compiler::CompilerProcess;
pub use counters::{CacheCounters, Compilations};
pub use error::{CacheError, Refusal};
pub use key::{ArtifactKey, KeyError};
pub use worker::compile_worker;

#[cfg(feature = "runner")]
pub(crate) use crate::code::ShimComponent;
pub(crate) use address::CodeKind;
#[cfg(feature = "runner")]
pub(crate) use address::Digest;
pub(crate) use code_input::CodeInput;
pub(crate) use code_input::read_whole;
#[cfg(feature = "runner")]
pub(crate) use engine::ShimError;
pub(crate) use engine::{EngineArtifacts, Inspected, LoadedCode, ReadyCode};
pub(crate) use found_code::{FoundCode, NotUsed};

use std::borrow::Cow;
use std::sync::Arc;

use self::counters::CompileCounts;
use crate::component::LoadError;

/// Settings for compilation: cache, key and compiler process. Clones share a cache, and count
/// together.
///
/// By default each component is compiled in this process, each time that it is loaded.
#[derive(Debug, Clone, Default)]
pub struct Artifacts {
    cache: Option<ArtifactCache>,
    key: Option<ArtifactKey>,
    compiler: Option<CompilerProcess>,
    compilations: Arc<CompileCounts>,
}

/// Origin of a component's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// The code was compiled when the component was loaded.
    Compiled,
    /// The code was found in the compilation cache.
    Cached,
    /// The code was in the component's own file.
    Precompiled,
}

/// A file with a component and its code, which is loaded in place of the component.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Precompiled {
    /// Content of the file.
    pub bytes: Vec<u8>,
    /// Origin of the code.
    pub origin: Origin,
}

impl Artifacts {
    /// Compiles in this process, without a cache.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the compilation cache.
    #[must_use]
    pub fn cache(mut self, cache: ArtifactCache) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Sets the key that authenticates the code in precompiled files, instead of the key of the
    /// cache. Code that is sealed with another key is not used.
    #[must_use]
    pub fn key(mut self, key: ArtifactKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Sets the process that compiles components.
    #[must_use]
    pub fn compiler(mut self, compiler: CompilerProcess) -> Self {
        self.compiler = Some(compiler);
        self
    }

    /// Number and time of the compilations with these settings, or with a clone of them.
    #[must_use]
    pub fn compilations(&self) -> Compilations {
        self.compilations.read()
    }

    /// Key that authenticates precompiled files.
    fn file_key(&self) -> Option<&ArtifactKey> {
        let of_cache = || self.cache.as_ref().map(ArtifactCache::key);
        self.key.as_ref().or_else(of_cache)
    }
}

/// The component in the content of a file: the component of a precompiled file, or else the whole
/// content.
///
/// # Errors
///
/// When the file was precompiled, and is truncated.
pub fn component_in<'a>(name: &str, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>, LoadError> {
    CodeInput::bytes(name, bytes, u64::MAX)?.component()
}
