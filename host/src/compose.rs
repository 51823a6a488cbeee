//! Composes a guest, middlewares and a provider into one component. The result needs no metrics
//! host, and runs on any host that provides the guest's other imports.
//!
//! ```no_run
//! use solti_metrics_host::compose::{Part, compose};
//!
//! # fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let (guest, provider) = (std::fs::read("digest.wasm")?, std::fs::read("provider.wasm")?);
//! let composed = compose(&[
//!     Part { name: "digest.wasm", bytes: &guest },
//!     Part { name: "provider.wasm", bytes: &provider },
//! ])?;
//! std::fs::write("app.wasm", composed.bytes)?;
//! # Ok(())
//! # }
//! ```
//!
//! # Imports and exports
//!
//! Each part's import of `solti:metrics/backend` is connected to the export of the part
//! behind it, and `solti:metrics/types` to a copy inside. Versions of one line, such as
//! 0.1.0 and 0.1.7, connect. **All other imports** remain imports of the whole. Imports that
//! several parts share are merged: a directory that is granted to the guest is also granted
//! to the provider.
//!
//! **All exports of the guest** remain. The other parts add two: `lifecycle`, which flushes
//! all parts that export it, in the order of the parts; and the provider's `exposition`. So
//! the host can flush and scrape the composition. `batch` and `accounting` are not exported,
//! since no part calls them.
//!
//! # Buffered records
//!
//! A part that exports `solti:metrics/lifecycle` keeps records until it is flushed, and most
//! runtimes do not know that interface. If the guest is a program (of the 0.2 line of
//! `wasi:cli`), the composition therefore flushes by itself: after `main` has returned, and
//! before the guest exits through `wasi:cli/exit`. If a flush fails, so does the program. If
//! the guest traps, buffered records are lost, since no code of a component runs after a
//! trap.
//!
//! # Features of a host
//!
//! A composition has no quotas, no ledger and no supervision, which are features of a host.
//! In a composition a provider that traps ends the guest.

mod chain;
mod error;
pub(crate) mod glue;
pub(crate) mod graph;
mod part;

use std::path::Path;

pub use error::ComposeError;
pub use part::Part;

use crate::component::{Inspection, LoadError, read};
use crate::contained::contained;
use crate::text::printable;

/// Result of a composition.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Composed {
    /// Bytes of the composed component. The same parts make the same bytes.
    pub bytes: Vec<u8>,
    /// Inspection of the composed component.
    pub inspection: Inspection,
}

/// Composes parts in the order in which records pass them: the guest, middlewares if any, the
/// provider.
///
/// # Errors
///
/// When a part is not a component, exceeds 64 MiB, or is at the wrong position; when two neighbors
/// do not fit; when the imports of the parts cannot be merged.
pub fn compose(parts: &[Part<'_>]) -> Result<Composed, ComposeError> {
    Composer::new().compose(parts)
}

/// Composes files, as [`compose`] does.
///
/// # Errors
///
/// As for [`compose`], and when a file cannot be read.
pub fn compose_files(paths: &[impl AsRef<Path>]) -> Result<Composed, ComposeError> {
    Composer::new().compose_files(paths)
}

/// Composes parts with another maximum size.
#[derive(Debug, Clone)]
pub struct Composer {
    max_component: u64,
}

impl Default for Composer {
    fn default() -> Self {
        Self {
            max_component: 64 << 20,
        }
    }
}

impl Composer {
    /// A composer with the defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the maximum size of each part, in bytes. Default: 64 MiB.
    #[must_use]
    pub fn max_component(mut self, bytes: u64) -> Self {
        self.max_component = bytes;
        self
    }

    /// The same as the function [`compose`].
    ///
    /// # Errors
    ///
    /// As for [`compose`].
    pub fn compose(&self, parts: &[Part<'_>]) -> Result<Composed, ComposeError> {
        composed(part::placed(parts, self.max_component)?)
    }

    /// The same as the function [`compose_files`].
    ///
    /// # Errors
    ///
    /// As for [`compose_files`].
    pub fn compose_files(&self, paths: &[impl AsRef<Path>]) -> Result<Composed, ComposeError> {
        let mut files = Vec::new();
        for path in paths {
            let path = path.as_ref();
            let bytes = read(path, self.max_component).map_err(|error| match error {
                LoadError::TooLarge { name, size, limit } => {
                    ComposeError::TooLarge { name, size, limit }
                }
                error => error.into(),
            })?;
            files.push((path.display().to_string(), bytes));
        }
        let parts: Vec<_> = files
            .iter()
            .map(|(name, bytes)| Part { name, bytes })
            .collect();
        self.compose(&parts)
    }
}

fn composed(parts: Vec<part::Placed<'_>>) -> Result<Composed, ComposeError> {
    let [guest, middlewares @ .., provider] = parts.as_slice() else {
        return Err(ComposeError::TooFew);
    };
    // The libraries that validate and compose contain many assertions, and can panic at unexpected
    // input.
    let connected = contained(|| chain::connected(guest, middlewares, provider));
    let bytes = connected.map_err(unsupported)??;
    part::bound("the composition", &bytes)?;
    part::validate(&bytes).map_err(unsupported)?;
    let inspection = Inspection::of("the composition", &bytes)?;
    if let Some(left) = inspection
        .imports
        .iter()
        .find(|import| import.path() == "solti:metrics/backend")
    {
        let left = printable(left.name());
        return Err(unsupported(format!("`{left}` is still imported")));
    }
    Ok(Composed { bytes, inspection })
}

fn unsupported(reason: String) -> ComposeError {
    ComposeError::Unsupported { reason }
}
