//! Allocations of a record into the queue of a component, on the recording thread.

use allocation_counter::measure;
use anyhow::{Result, ensure};
use solti_metrics_host::provider::{BackendOptions, ComponentBackend, Grants, Providers};
use solti_metrics_tests::artifact::{BARE, artifact};

use crate::record_each;

#[test]
fn a_record_into_the_queue_of_a_component_allocates_nothing() -> Result<()> {
    let provider = Providers::new()?.load_file(&artifact("provider", BARE), &Grants::new())?;
    let backend = ComponentBackend::start(&provider, BackendOptions::new())?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    record_each(&backend);
    runtime.block_on(backend.flush())?;
    // More than a batch: the worker is woken, and works, meanwhile.
    let allocated = measure(|| {
        for _ in 0..1_000 {
            record_each(&backend);
        }
    });
    ensure!(allocated.count_total == 0, "{}", allocated.count_total);
    let before = backend.status().ledger;
    ensure!(before.dropped_total() == 0, "{before:?}");
    Ok(())
}
