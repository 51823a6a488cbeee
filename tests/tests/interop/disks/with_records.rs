use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};
use solti_metrics_tests::artifact::{WASI, artifact};
use solti_metrics_tests::endurance::{Reading, Then, guest};

use super::mounted::{Mounted, runs, stop};

const CONFIG: &str = "[compilation]\ncache = \"code\"\n\
    [tasks.quick]\ncomponent = \"quick.wasm\"\nschedule = \"interval\"\ninterval = \"10ms\"\n\
    [backends.lines]\ncomponent = \"jsonl.wasm\"\ngrants = [\"dir=disk::/out:rw\"]\n";

/// The provider writes lines to a disk that is soon full, and later has space.
pub(super) fn full(unshare: &Path) -> Result<()> {
    let folder = Mounted::new(&[("quick.wasm", guest(7, Then::Succeeds)?)])?;
    fs::copy(artifact("jsonl", WASI), folder.path("jsonl.wasm"))?;
    let fill = "mount -t tmpfs -o size=4m none disk\n\
        head -c 4186112 /dev/zero >disk/filler";
    let served = folder.serve(unshare, fill, CONFIG)?;
    let dropped = "solti_metrics_records_dropped_total{source=\"lines\",reason=\"backend_failed\"}";
    served.until_at_least(dropped, 100.0)?;
    runs(&served)?;
    fs::remove_file(folder.on_disk(&served, "filler"))?;
    let delivered = "solti_metrics_records_delivered_total{source=\"lines\"}";
    let before = served.sample(delivered)?;
    served.until_at_least(delivered, before + 100.0)?;
    let unbalanced = Reading::of(&served.page("/metrics")?)?.unbalanced();
    ensure!(unbalanced.is_empty(), "{unbalanced:?}");
    stop(served)?;
    Ok(())
}
