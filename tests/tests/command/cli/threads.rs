//! On a system that starts no threads, each command reports that and ends.

use anyhow::{Result, ensure};
use solti_metrics_tests::child::Running;
use solti_metrics_tests::guests;

use crate::cli::test_folder::TestFolder;

#[test]
fn a_failure_to_start_threads_is_reported() -> Result<()> {
    let place = TestFolder::with(&guests::echo()?)?;
    place.write("serve.toml", b"[tasks.echo]\ncomponent = \"guest.wasm\"\n")?;
    for args in [
        &["run", "guest.wasm"][..],
        &["run", "--dir", ".", "guest.wasm"],
        &["serve", "serve.toml"],
        &["check", "guest.wasm"],
        &["conformance", "guest.wasm"],
        &["precompile", "guest.wasm", "-o", "out"],
    ] {
        let mut command = place.command(args)?;
        // The stack of a thread is larger than the memory of any machine.
        command.env("RUST_MIN_STACK", (1_u64 << 47).to_string());
        let end = Running::start(&mut command)?.end()?;
        ensure!(end.code == Some(1), "{args:?}: {end}");
        ensure!(!end.stderr.contains("panicked"), "{args:?}: {end}");
        ensure!(end.stderr.contains("cannot start"), "{args:?}: {end}");
        let refused = "this process was refused another thread or process: ";
        ensure!(end.stderr.contains(refused), "{args:?}: {end}");
    }
    Ok(())
}
