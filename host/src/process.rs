//! Limits of this process: the limit that made a system call fail, and a check whether threads can
//! be started.

#[cfg(any(feature = "execution", feature = "inline"))]
mod behind;
mod limit;
mod threads;

pub use limit::{ProcessLimit, io_reason, no_thread};
pub use threads::try_threads;
