//! Context switches of runs through the engine of the server.

use std::fs;

use super::rows::Supervised;
use super::{Result, Work};

/// Counts the context switches of all threads of this process for each of `runs` runs of an
/// empty guest. Nothing else may run in this process.
pub(super) fn of_each_run(runs: u32) -> Result<f64> {
    let mut supervised = Supervised::new(runs)?;
    // The first runs also start threads.
    supervised.run()?;
    let before = so_far()?;
    supervised.run()?;
    Ok((so_far()? - before) as f64 / f64::from(runs))
}

/// Context switches of all present threads since they started.
fn so_far() -> Result<u64> {
    let mut switches = 0;
    for thread in fs::read_dir("/proc/self/task")? {
        // A thread may end meanwhile.
        let status = fs::read_to_string(thread?.path().join("status")).unwrap_or_default();
        let lines = status.lines();
        let counts = lines.filter_map(|line| line.split_once("_ctxt_switches:"));
        for (_, count) in counts {
            switches += count.trim().parse::<u64>()?;
        }
    }
    Ok(switches)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_of_this_thread_is_a_context_switch() -> Result<()> {
        let before = so_far()?;
        let (send, receive) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            // The other thread waits for this one.
            send.send(so_far().is_ok())
        });
        assert!(receive.recv()?);
        assert!(thread.join().is_ok());
        assert!(so_far()? > 0 && before > 0);
        Ok(())
    }
}
