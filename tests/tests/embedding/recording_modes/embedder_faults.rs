//! The faults of guests that concern records, in an embedder's inline mode: records, ledger and
//! end are those of the runner's direct mode.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use solti_metrics_host::MetricsCtx;
use solti_metrics_host::runner::{RecordingMode, Task};
use solti_metrics_tests::guest::component;
use solti_metrics_tests::runs::seen;

use super::embedder::embedders;

/// Folders of `tests/faults` with a guest.
const FAULTS: [&str; 8] = [
    "a_main_that_returns_an_error_has_the_code_1",
    "an_allocator_cannot_record",
    "an_excessive_duration_is_clamped_and_counted",
    "records_before_a_trap_are_delivered",
    "records_over_the_quota_are_dropped_and_counted",
    "the_label_256_traps_and_is_not_recorded",
    "the_label_4_traps_and_is_not_recorded",
    "the_label_minus_1_traps_and_is_not_recorded",
];

#[test]
fn a_fault_has_the_results_of_the_direct_mode_with_a_quota_and_without() -> Result<()> {
    let faults = Path::new(env!("CARGO_MANIFEST_DIR")).join("faults");
    for fault in FAULTS {
        let text = fs::read_to_string(faults.join(fault).join("guest.core.wat"));
        let guest = component(&text.context(fault)?)?;
        for quota in [None, Some(1), Some(3)] {
            let mut task = Task::new();
            task.quota = quota;
            let direct = seen(RecordingMode::Direct, |runner| runner, &guest, task)?;
            for embedder in embedders()? {
                let bounds = MetricsCtx::builder().quota(quota.unwrap_or(u64::MAX));
                let inline = embedder.seen(&guest, bounds)?;
                ensure!(
                    inline == direct,
                    "{fault}, {quota:?}: {inline:?}, {direct:?}"
                );
            }
        }
    }
    Ok(())
}
