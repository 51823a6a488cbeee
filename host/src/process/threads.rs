use std::hint::black_box;
use std::io;
use std::sync::Mutex;
use std::thread::{self, Builder};

/// Bytes of a thread: its stack with the standard library's size, the stack for the signal of a
/// stack overflow, and its first allocations.
const THREAD: usize = (2 << 20) + (64 << 10);

/// Bytes that must stay free: a process that has threads and no more memory is aborted at its next
/// allocation.
const BESIDES: usize = 4 << 20;

/// Checks whether this number of threads can be started, all at a time, with memory left. Call this
/// function before code that panics if threads cannot be started.
///
/// # Errors
///
/// When one of the threads cannot be started.
pub fn try_threads(number: usize) -> io::Result<()> {
    // A thread without memory for its second stack panics before it starts, so the memory of all
    // threads is requested at once first.
    let mut memory = Vec::<u8>::new();
    memory
        .try_reserve_exact(number * THREAD + BESIDES)
        .map_err(|_| io::Error::from(io::ErrorKind::WouldBlock))?;
    drop(black_box(memory));
    let gate = Mutex::new(());
    thread::scope(|scope| {
        let closed = gate.lock();
        let gate = &gate;
        for _ in 0..number {
            Builder::new().spawn_scoped(scope, move || drop(gate.lock()))?;
        }
        drop(closed);
        Ok(())
    })
}
