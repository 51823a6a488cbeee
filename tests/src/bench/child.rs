//! Parts of a run that need a process of their own: this program again, with other arguments.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde::de::DeserializeOwned;

use super::Result;

/// The first argument of a process that does a part of a run.
pub(super) const CHILD: &str = "--child";

/// This program, told to do this part.
pub(super) fn command(part: &str) -> Result<Command> {
    let mut command = Command::new(env::current_exe()?);
    command.args([CHILD, part]);
    Ok(command)
}

/// Waits for the end of the process, and parses its output as JSON.
pub(super) fn ask<T: DeserializeOwned>(command: &mut Command) -> Result<T> {
    let output = command.output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{command:?}: {}: {said}", output.status).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// Peak of the resident memory of this process so far, in KiB.
pub(super) fn peak_kib() -> Result<u64> {
    status_kib(Path::new("/proc/self/status"), "VmHWM:")
}

fn status_kib(status: &Path, key: &str) -> Result<u64> {
    let status = fs::read_to_string(status)?;
    let line = status.lines().find_map(|line| line.strip_prefix(key));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or_else(|| format!("no {key}"))?.parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_includes_memory_that_was_given_back() -> Result<()> {
        let before = peak_kib()?;
        let many = vec![1_u8; 64 << 20];
        assert!(std::hint::black_box(&many).iter().all(|&byte| byte == 1));
        drop(many);
        assert!(peak_kib()? >= before.min(32 << 10) + (32 << 10));
        Ok(())
    }
}
