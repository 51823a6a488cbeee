use std::fs;

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::artifact::{WASI, artifact};
use solti_metrics_tests::served::Served;

fn config(max_memory: &str) -> String {
    format!("[tasks.hello]\ncomponent = \"hello.wasm\"\nmax_memory = \"{max_memory}\"\n")
}

/// Without a restart, the limit would be lowered silently to the pool's.
#[test]
fn memory_beyond_the_pool_needs_a_restart() -> Result<()> {
    let folder = tempfile::tempdir()?;
    fs::copy(artifact("hello", WASI), folder.path().join("hello.wasm"))?;
    let mut served = Served::start(folder.path(), &config("512MiB"))?;
    ensure!(served.reload(&config("300MiB"))?.is_none());
    let error = served.reload(&config("1GiB"))?.context("no error")?;
    ensure!(
        error.starts_with("task hello: `max_memory` exceeds the") && error.contains("restart"),
        "{error}"
    );
    ensure!(served.stop()?.code == Some(0));
    Ok(())
}
