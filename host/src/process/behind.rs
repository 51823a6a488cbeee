//! Limits of this process behind errors of wasmtime.

use std::error::Error;

use rustix::io::Errno;

use super::limit::{ProcessLimit, RefusedResource};

impl ProcessLimit {
    /// The limit of this process that caused an error of wasmtime, if one did.
    pub(crate) fn behind(error: &wasmtime::Error) -> Option<Self> {
        error.chain().find_map(Self::of_error)
    }

    fn of_error(error: &(dyn Error + 'static)) -> Option<Self> {
        if error.is::<wasmtime::OutOfMemory>() {
            return Some(Self::new(RefusedResource::Memory));
        }
        match (error.downcast_ref::<Errno>(), error.downcast_ref()) {
            (Some(number), _) => Self::of_number(number.raw_os_error()),
            (None, Some(error)) => Self::of_io(error),
            (None, None) => None,
        }
    }
}

/// Refusals of a process that compiles for this one.
#[cfg(feature = "execution")]
impl ProcessLimit {
    /// The refusal for a process with the limits of this one that could not start a thread.
    pub(crate) fn on_threads() -> Self {
        Self::new(RefusedResource::Thread)
    }

    /// The refusal for a process whose memory is limited as this one's, if that limit is below this
    /// number of bytes.
    pub(crate) fn on_memory_below(bytes: u64) -> Option<Self> {
        Self::new(RefusedResource::Memory).if_below(bytes)
    }

    /// The same for seconds of processor time.
    pub(crate) fn on_cpu_below(seconds: u64) -> Option<Self> {
        Self::new(RefusedResource::Cpu).if_below(seconds)
    }

    fn if_below(self, value: u64) -> Option<Self> {
        let lower = self.set.iter().any(|(_, set)| *set < value);
        lower.then_some(self)
    }
}
