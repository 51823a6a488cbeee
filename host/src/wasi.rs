//! WASI for guests and backends: wasmtime's implementation, except where it would let the host
//! grow or wait without a limit.
//!
//! - **Opening** (`open`) never waits, and opens only regular files and directories. A named
//!   pipe without a writer would block a thread for ever.
//! - **Directory listings** (`listing`) are read piece by piece: wasmtime reads all of a
//!   directory when a listing is made, or blocks a thread for it.
//! - **Open resources are counted** (`holdings`, `descriptors`): descriptors for each store
//!   and for the process, and streams of files with the buffers behind them.
//! - **Standard output and standard error** (`output`) are forwarded up to a limit, and one
//!   thread writes each of the standard streams of this process.

mod access;
mod descriptors;
mod holdings;
mod listing;
mod open;
mod output;
mod p2;
#[cfg(feature = "runner")]
mod p3;
#[cfg(feature = "provider")]
mod sockets;
mod stream;

pub use access::Access;
pub use descriptors::{DescriptorUse, descriptor_use};
pub use holdings::NoDescriptors;
pub use output::{Output, OutputFn};

pub(crate) use holdings::{Holdings, Hosted, WasiState};
pub(crate) use output::GuestOutput;
pub(crate) use p2::limit_files;
#[cfg(feature = "runner")]
pub(crate) use p3::limit_asynchronous_files;
#[cfg(feature = "provider")]
pub(crate) use sockets::limit_sockets;
