//! What every component that this host executes is held by: the engine that
//! interrupts it, the limits that bound it, a look at its outside, and the words
//! for what went wrong.

mod access;
mod asynchronous;
mod blocking;
mod build_error;
mod causes;
mod compile_limit;
mod contained;
mod engine;
mod error;
mod file;
mod inspect;
mod instance_data;
mod interface;
mod limiter;
mod limits;
mod output;
mod printable;
mod process_limit;
mod proposals;
mod role;
mod threads;
mod ticker;
mod trap;
mod unknown;
mod wasi;
mod written_out;

pub use access::Access;
pub use build_error::BuildError;
pub use causes::causes;
pub use compile_limit::CompileLimit;
pub use contained::{contained, panic_is_contained};
pub use error::LoadError;
pub use file::{is_standard_input, open_file, read_file, read_opened};
pub use inspect::Inspection;
pub use interface::Interface;
pub use limits::{Limit, Limits};
pub use output::{Output, OutputFn};
pub use printable::{escaped, is_hidden, printable};
pub use process_limit::{ProcessLimit, io_reason, no_thread};
pub use role::Role;
pub use threads::try_threads;
pub use ticker::EpochTicks;
pub use trap::GuestTrap;
pub use unknown::UnknownInterface;
pub use wasi::{DescriptorUse, NoDescriptors, descriptor_use};

pub(crate) use blocking::{NotRun, blocking};
#[cfg(feature = "provider")]
pub(crate) use contained::panic_text;
pub(crate) use engine::EngineSettings;
pub(crate) use error::shown;
#[cfg(feature = "compose")]
pub(crate) use file::read;
pub(crate) use file::{Patient, SEALED, open, read_behind, read_open, within};
pub(crate) use limiter::{Limiter, bound};
pub(crate) use output::GuestOutput;
pub(crate) use printable::one_line;
pub(crate) use proposals::needed as needed_proposals;
pub(crate) use ticker::Ticker;
pub(crate) use trap::limit_behind;
#[cfg(feature = "runner")]
pub(crate) use wasi::limit_asynchronous_files;
#[cfg(feature = "provider")]
pub(crate) use wasi::limit_sockets;
pub(crate) use wasi::{Held, Holdings, Hosted, limit_files};
pub(crate) use written_out::bound_types;
