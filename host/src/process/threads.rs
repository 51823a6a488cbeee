use std::hint::black_box;
use std::io;
use std::sync::Mutex;
use std::thread::{self, Builder};

/// Bytes of a thread: its stack, as the standard library has it, the stack on which it
/// hears of an overflow of that, and what it allocates first.
const THREAD: usize = (2 << 20) + (64 << 10);

/// Bytes that are needed besides: a process that has threads and no memory for anything
/// else is aborted at its next allocation.
const BESIDES: usize = 4 << 20;

/// Whether so many threads can be started, all at a time, with memory left for other
/// things. For what panics where they cannot.
///
/// # Errors
///
/// When one of them cannot.
pub fn try_threads(number: usize) -> io::Result<()> {
    // A thread that finds no memory for its second stack panics before it begins: so the
    // memory of all of them is asked for at once.
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
