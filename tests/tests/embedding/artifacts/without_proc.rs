//! Commands work without `/proc`.

use std::process::{Command, Stdio};

use anyhow::{Result, ensure};
use solti_metrics_tests::artifact::{WASI, artifact};
use solti_metrics_tests::reference_tool::required;
use solti_metrics_tests::test_folder::end;

use crate::artifacts::cached_runner::guest;
use crate::artifacts::test_folder::TestFolder;

/// A shell with an empty `/proc`, where the system allows that.
const HIDE: &str = "mount -t tmpfs none /proc";

#[test]
fn every_command_works_without_proc() -> Result<()> {
    let mut try_it = Command::new("unshare");
    try_it.args(["-rm", "sh", "-c", HIDE]).stderr(Stdio::null());
    if !try_it.status().is_ok_and(|status| status.success()) {
        // Without namespaces, the unit tests of `this_program` still cover this.
        ensure!(
            !required(),
            "this system has no mount namespaces for this user; allow them, or run as root"
        );
        return Ok(());
    }
    let place = TestFolder::with(&guest(7)?)?;
    std::fs::copy(artifact("provider", WASI), place.path("provider.wasm"))?;
    for args in [
        "run guest.wasm",
        // The code is cached by now.
        "run --compile-memory 1MiB guest.wasm",
        "run --backend ./provider.wasm guest.wasm",
        "check guest.wasm",
        "precompile -o guest.pre guest.wasm",
        "run --compile-memory 1MiB guest.pre",
        "conformance --records 100 provider.wasm",
        "compose -o app.wasm guest.wasm provider.wasm",
    ] {
        let script = format!("unshare -rm sh -c '{HIDE} && exec \"$0\" {args}' \"$0\"");
        let end = end(&mut place.shell(&script, &[])?)?;
        ensure!(end.code == Some(0), "{args}: {end}");
        ensure!(!end.stderr.contains("warning"), "{args}: {end}");
    }
    Ok(())
}
