//! What `tools/languages.sh` builds with.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

/// The names of all toolchains but Rust's.
///
/// # Errors
///
/// When the script does not say.
pub fn toolchains() -> Result<Vec<String>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tools/languages.sh");
    let output = Command::new(script).arg("--list").output()?;
    let listed = String::from_utf8_lossy(&output.stdout);
    let listed: Vec<_> = listed.lines().map(str::to_owned).collect();
    ensure!(output.status.success() && !listed.is_empty(), "{output:?}");
    Ok(listed)
}
