//! The path of this process's program.

use std::io;
use std::path::{Path, PathBuf};

/// Path with which Linux names the program of each process.
const EXECUTED: &str = "/proc/self/exe";

/// The path of this process's program.
pub(super) fn this_program() -> io::Result<PathBuf> {
    if !cfg!(target_os = "linux") {
        return std::env::current_exe();
    }
    if Path::new(EXECUTED).exists() {
        return Ok(EXECUTED.into());
    }
    started_from().ok_or_else(|| {
        io::Error::other(format!(
            "cannot start the compiler from {EXECUTED}: /proc is not mounted; mount it"
        ))
    })
}

/// The path with which the system started this process. The lookup needs no `/proc` with Linux 6.4
/// or later.
#[cfg(target_os = "linux")]
fn started_from() -> Option<PathBuf> {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    // Older kernels provide it through `/proc` alone, and the library asserts that they do.
    let path = crate::contained::contained(rustix::param::linux_execfn).ok()?;
    // The path stays valid when this process changes its directory.
    Path::new(OsStr::from_bytes(path.to_bytes()))
        .canonicalize()
        .ok()
}

#[cfg(not(target_os = "linux"))]
fn started_from() -> Option<PathBuf> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_knows_its_program_without_proc() -> io::Result<()> {
        let by_proc = Path::new(EXECUTED).canonicalize()?;
        assert_eq!(started_from(), Some(by_proc));
        Ok(())
    }
}
