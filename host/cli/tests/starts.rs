//! That the command starts; and with this test, cargo builds it whenever it
//! builds tests. What it does is tested where guests are, in `tests/`.

use std::process::Command;

#[test]
fn the_command_tells_its_version() {
    let output = Command::new(env!("CARGO_BIN_EXE_solti-metrics"))
        .arg("--version")
        .output();
    let stdout = output.map(|output| output.stdout).unwrap_or_default();
    let expected = concat!("solti-metrics ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(String::from_utf8_lossy(&stdout), expected);
}
