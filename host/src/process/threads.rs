use std::fs;
use std::hint::black_box;
use std::io;
use std::sync::Mutex;
use std::thread::{self, Builder};

use rlimit::Resource;

/// Bytes of a thread: its stack with the standard library's size, the stack for the signal of a
/// stack overflow, and its first allocations.
const THREAD: usize = (2 << 20) + (64 << 10);

/// Address space that the C library reserves for the allocations of a thread. The memory itself is
/// not allocated, so no other limit counts it.
const ARENA: u64 = 64 << 20;

/// Maximum number of threads with such a reservation: eight for each of two processors. More
/// processors have more, which are given up where the address space is used up.
const ARENAS: usize = 16;

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
    if !has_address_space(number) {
        return Err(io::ErrorKind::OutOfMemory.into());
    }
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

/// Whether the limit on address space allows this number of threads. Without the reservation of
/// its allocations, a thread shares that of another one, and the process is aborted when that is
/// full.
fn has_address_space(number: usize) -> bool {
    let Ok(limit) = Resource::AS.get_soft() else {
        return true;
    };
    let stacks = (number * THREAD + BESIDES) as u64;
    let needed = stacks + number.min(ARENAS) as u64 * ARENA;
    limit == rlimit::INFINITY || limit >= needed.saturating_add(used_address_space())
}

/// Bytes of address space that this process uses; 0 if the system does not tell.
fn used_address_space() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmSize:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or_default() << 10
}
