//! Composes a guest, middlewares and a provider into one component, which needs
//! no metrics host: it runs wherever the guest's other imports are to be had.
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
//! # What becomes of imports and exports
//!
//! Each part's import of `solti:metrics/backend` is connected to the export of the
//! part behind it, and `solti:metrics/types` to a copy within. Versions of one
//! line, such as 0.1.0 and 0.1.7, connect. **All other imports** remain imports of
//! the whole; those that several parts have are merged, so that whoever grants the
//! guest a directory grants it to the provider too.
//!
//! **All exports of the guest** remain. Of the others, two do: `lifecycle`, which
//! flushes all parts that have it, the first ones first; and the provider's
//! `exposition`. So whoever runs the composition can flush and scrape it. `batch`
//! and `accounting` stay inside, where nobody calls them.
//!
//! # Records that are kept for a while
//!
//! A part that exports `solti:metrics/lifecycle` keeps records until it is flushed,
//! and most runtimes have never heard of that. If the guest is a program (of the 0.2
//! line of `wasi:cli`), the
//! composition therefore flushes by itself: after `main` has returned, and before
//! the guest exits through `wasi:cli/exit`. If that fails, so does the program.
//! What a part has kept when the guest traps is lost with it, since nothing in a
//! component runs after a trap.
//!
//! # What is not there
//!
//! Quotas, a ledger and supervision are a host's. In a composition a provider that
//! traps ends the guest.

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

/// What became of the parts.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Composed {
    /// A component. The same parts make the same bytes.
    pub bytes: Vec<u8>,
    /// What its outside tells.
    pub inspection: Inspection,
}

/// Composes parts in the order that records travel: the guest, middlewares if any,
/// the provider.
///
/// # Errors
///
/// When a part is no component, has more than 64 MiB, or stands in the wrong place;
/// when two neighbours do not fit; when what the parts import cannot be merged.
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

/// Composes parts of a size of one's choice.
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
    /// With the defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes that each part may have. Default: 64 MiB.
    #[must_use]
    pub fn max_component(mut self, bytes: u64) -> Self {
        self.max_component = bytes;
        self
    }

    /// As the function [`compose`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn compose(&self, parts: &[Part<'_>]) -> Result<Composed, ComposeError> {
        composed(part::placed(parts, self.max_component)?)
    }

    /// As the function [`compose_files`].
    ///
    /// # Errors
    ///
    /// As there.
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
    // The libraries that validate and compose assert much, and there is input that
    // they were not made for.
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
