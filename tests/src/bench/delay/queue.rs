use std::hint;
use std::time::{Duration, Instant};

use solti_metrics::{MetricsBackend, RunnerType, TaskOutcome};
use solti_metrics_host::provider::{BackendOptions, ComponentBackend, Grants, Providers};

use crate::bench::Result;
use crate::bench::rows::adder;

/// Longer than the worker lingers: it rests until the next record.
const PAUSE: Duration = Duration::from_millis(3);

/// Records of a batch, by default.
const BATCH: usize = 1_024;

/// One record after each pause.
pub(super) fn after_a_pause(times: u32) -> Result<Vec<u64>> {
    delays(times, 1)
}

/// As many records as a batch after each pause.
pub(super) fn at_once(times: u32) -> Result<Vec<u64>> {
    delays(times, BATCH)
}

fn delays(times: u32, records: usize) -> Result<Vec<u64>> {
    let provider = Providers::new()?.load("adder", &adder()?, &Grants::new())?;
    let backend = ComponentBackend::start(&provider, BackendOptions::new())?;
    let mut delays = Vec::with_capacity(times as usize * records);
    for _ in 0..times {
        // This thread computes in the pause, as a recording thread does.
        let begun = Instant::now();
        while begun.elapsed() < PAUSE {
            hint::spin_loop();
        }
        of_burst(&backend, records, &mut delays)?;
    }
    Ok(delays)
}

/// Records, and then watches the ledger until all records are delivered. Records are
/// delivered in order.
fn of_burst(backend: &ComponentBackend, records: usize, delays: &mut Vec<u64>) -> Result<()> {
    let before = backend.status().ledger.delivered();
    let mut made = Vec::with_capacity(records);
    for _ in 0..records {
        made.push(Instant::now());
        backend.record_task_completed(RunnerType::Wasm, TaskOutcome::Success, 1);
    }
    let mut made = made.into_iter();
    while made.len() > 0 {
        let ledger = backend.status().ledger;
        let now = Instant::now();
        let arrived = (ledger.delivered() - before) as usize;
        let new = arrived + made.len() - records;
        for made in made.by_ref().take(new) {
            delays.push(now.duration_since(made).as_nanos() as u64);
        }
        if ledger.dropped_total() > 0 {
            return Err("records were dropped".into());
        }
    }
    Ok(())
}
