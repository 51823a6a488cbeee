//! Checks that the command starts. Because of this test, cargo builds the command whenever
//! it builds tests. The workspace package `tests/` tests the behavior of the command.

use std::process::Command;

#[test]
fn the_command_prints_its_version() {
    let output = Command::new(env!("CARGO_BIN_EXE_solti-metrics"))
        .arg("--version")
        .output();
    let stdout = output.map(|output| output.stdout).unwrap_or_default();
    let expected = concat!("solti-metrics ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(String::from_utf8_lossy(&stdout), expected);
}
