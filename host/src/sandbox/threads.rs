use std::io;
use std::sync::Mutex;
use std::thread::{self, Builder};

/// Whether so many threads can be started, all at a time. For what panics where they
/// cannot.
///
/// # Errors
///
/// When one of them cannot.
pub fn try_threads(number: usize) -> io::Result<()> {
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
