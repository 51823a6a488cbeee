//! Limits of this process: which one has refused a call of the system, and whether
//! threads can be started within them.

#[cfg(feature = "execution")]
mod behind;
mod limit;
mod threads;

pub use limit::{ProcessLimit, io_reason, no_thread};
pub use threads::try_threads;
