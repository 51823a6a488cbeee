//! Privileges of a running server.

use std::fs;

use anyhow::{Result, ensure};
use solti_metrics_tests::artifact::{WASI, artifact};

use crate::serve::test_folder::TestFolder;

/// Threads inherit the flag, so each of them has it only if it is set before the first thread
/// starts.
#[test]
fn no_thread_of_a_server_can_gain_privileges() -> Result<()> {
    let place = TestFolder::with(&[("hello.wasm", fs::read(artifact("hello", WASI))?)])?;
    let served = place.serve("[tasks.hello]\ncomponent = \"hello.wasm\"\n")?;
    let mut threads = 0;
    for thread in fs::read_dir(format!("/proc/{}/task", served.id()))? {
        // A thread can end before its file is read.
        let Ok(status) = fs::read_to_string(thread?.path().join("status")) else {
            continue;
        };
        ensure!(status.contains("\nNoNewPrivs:\t1\n"), "{status}");
        threads += 1;
    }
    ensure!(threads > 1, "{threads} threads");
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    Ok(())
}
