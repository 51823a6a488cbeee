//! Inspection of a component's bytes: imports, exports and role, and the reason why a
//! component cannot be loaded.
//!
//! ```
//! use solti_metrics_host::component::{Inspection, Role};
//!
//! # fn example(bytes: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
//! let inspection = Inspection::of("digest.wasm", bytes)?;
//! assert_eq!(inspection.role(), Role::Guest);
//! # Ok(())
//! # }
//! ```

mod asynchronous;
mod file;
mod inspection;
mod interface;
mod load_error;
mod network_grant;
#[cfg(feature = "execution")]
mod proposals;
mod role;
mod unknown;

pub use inspection::Inspection;
pub use interface::Interface;
pub use load_error::LoadError;
pub use network_grant::NetworkGrant;
pub use role::Role;
pub use unknown::UnknownInterface;

#[cfg(feature = "compose")]
pub(crate) use file::read;
#[cfg(feature = "execution")]
pub(crate) use file::{SEALED, open, read_behind, read_open, within};
#[cfg(feature = "execution")]
pub(crate) use proposals::needed as needed_proposals;
