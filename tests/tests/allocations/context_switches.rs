//! Context switches of a run in the engine of the server. A run is not handed from one
//! thread to another.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::num::NonZeroUsize;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use solti_metrics_server::engine::{Admission, Jitter, RestartBackoff, Schedule, Snapshot};

use crate::engine::{once, returning, run};

/// Set in a process that has no threads of other tests.
const ALONE: &str = "CONTEXT_SWITCHES_ALONE";

/// Maximum number of context switches of a run. The measured number is 0.1 for runs that
/// follow each other, and 1.1 to 1.5 for runs that wait for a clock.
const MOST: u64 = 2;

/// The thread that interrupts guests. The host wakes it for each run, at most every 10 ms.
const TICKER: &str = "epoch-ticker";

#[test]
fn a_run_in_the_engine_takes_at_most_two_context_switches() -> Result<()> {
    if env::var_os(ALONE).is_some() {
        return count();
    }
    let output = Command::new(env::current_exe()?)
        .args([
            "--exact",
            "--nocapture",
            "context_switches::a_run_in_the_engine_takes_at_most_two_context_switches",
        ])
        .env(ALONE, "1")
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    ensure!(said.contains("1 passed"), "{said}{complained}");
    Ok(())
}

fn count() -> Result<()> {
    let succeeds = returning(0)?;
    let fails = returning(1)?;
    let one = NonZeroUsize::MIN;
    let two = NonZeroUsize::MIN.saturating_add(1);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()?;
    let every = |admission| Schedule::Interval {
        interval: Duration::from_millis(1),
        admission,
        queue_capacity: 16,
    };
    let millisecond = Duration::from_millis(1);
    let restart = Schedule::Restart {
        backoff: RestartBackoff {
            initial_backoff: millisecond,
            max_backoff: millisecond,
            multiplier: 1.0,
            jitter: Jitter::None,
            max_retries: None,
        },
    };
    for (name, guest, schedule, concurrency, runs, most) in [
        ("once", &succeeds, once(2_000)?, one, 2_000, 1),
        (
            "once, twice at a time",
            &succeeds,
            once(2_000)?,
            two,
            2_000,
            1,
        ),
        ("queue", &succeeds, every(Admission::Queue), one, 200, MOST),
        (
            "replace",
            &succeeds,
            every(Admission::Replace),
            one,
            200,
            MOST,
        ),
        (
            "reject",
            &succeeds,
            every(Admission::Reject),
            one,
            200,
            MOST,
        ),
        ("restart", &fails, restart, one, 200, MOST),
    ] {
        let before = switches()?;
        let ended = runtime.block_on(run(guest, schedule, concurrency, |now| done(now) >= runs))?;
        let before = |thread: &OsString| before.get(thread).copied().unwrap_or(0);
        let switches = switches()?
            .iter()
            .map(|(thread, all)| all - before(thread))
            .sum::<u64>();
        let runs = done(&ended);
        let found = format!("{name}: {switches} context switches in {runs} runs");
        ensure!(switches <= most * runs, "{found}");
    }
    Ok(())
}

fn done(snapshot: &Snapshot) -> u64 {
    snapshot.runs.iter().sum()
}

/// Context switches of each thread of this process so far.
fn switches() -> Result<BTreeMap<OsString, u64>> {
    let mut switches = BTreeMap::new();
    for thread in fs::read_dir("/proc/self/task")? {
        let thread = thread?.path();
        // A thread may have ended since the folder was read.
        let read = |file| fs::read_to_string(thread.join(file)).unwrap_or_default();
        if read("comm").trim() == TICKER {
            continue;
        }
        let status = read("status");
        let counts = status.lines().filter_map(|line| line.split_once(':'));
        let counts = counts.filter(|(name, _)| name.ends_with("voluntary_ctxt_switches"));
        let mut sum = 0;
        for (name, count) in counts {
            sum += count.trim().parse::<u64>().context(name.to_owned())?;
        }
        switches.insert(thread.into_os_string(), sum);
    }
    Ok(switches)
}
