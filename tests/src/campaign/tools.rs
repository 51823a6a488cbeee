use std::path::{Path, PathBuf};
use std::process::Command;

use crate::reference_tool::ReferenceTool;

/// The tools with which a campaign changes the surroundings of a runner. A scenario plays
/// without a missing tool, and the campaign says so.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tools {
    faketime: Option<PathBuf>,
    strace: Option<PathBuf>,
}

/// The system calls that wait for a disk, and the delay of each: 2 ms.
const SLOW: &str = "openat,renameat,renameat2,rename,unlink,fsync,ftruncate:delay_enter=2000";

impl Tools {
    pub(crate) fn find() -> Self {
        let here = |tool| match tool {
            ReferenceTool::Here(path) => Some(path),
            ReferenceTool::Skip(_) | ReferenceTool::Fail(_) => None,
        };
        Self {
            faketime: here(ReferenceTool::faketime()),
            strace: here(ReferenceTool::strace()),
        }
    }

    /// The names of missing tools.
    pub(crate) fn missing(&self) -> Vec<&'static str> {
        let tools = [("faketime", &self.faketime), ("strace", &self.strace)];
        let missing = tools.into_iter().filter(|(_, path)| path.is_none());
        missing.map(|(name, _)| name).collect()
    }

    /// Gives a command the clock in this file, and leaves the time since its start and the
    /// dates of files alone.
    pub(crate) fn clock(&self, command: &mut Command, offset: &Path) {
        if let Some(library) = &self.faketime {
            command
                .env("LD_PRELOAD", library)
                .env("FAKETIME_TIMESTAMP_FILE", offset)
                .env("FAKETIME_NO_CACHE", "1")
                .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
                .env("NO_FAKE_STAT", "1");
        }
    }

    /// The same command, with a slow disk.
    pub(crate) fn slow_disk(&self, command: &Command) -> Command {
        let calls = SLOW.split(':').next().unwrap_or_default();
        let inject = format!("inject={SLOW}");
        let args = ["-e", &format!("trace={calls}"), "-e", &inject];
        match &self.strace {
            Some(strace) => traced(strace, &args, command),
            None => copied(command.get_program().as_ref(), command),
        }
    }
}

/// The same command under `strace`, with these arguments. The command keeps its process id
/// and its exit code: strace runs as its grandchild. Messages of strace are discarded.
#[must_use]
pub fn traced(strace: &Path, args: &[&str], command: &Command) -> Command {
    let mut traced = Command::new("sh");
    traced
        .args(["-c", "exec 3>&2 2>/dev/null; exec \"$@\"", "sh"])
        .arg(strace)
        .args(["-D", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null"])
        .args(args)
        .args(["sh", "-c", "exec \"$@\" 2>&3 3>&-", "sh"])
        .arg(command.get_program());
    like(command, &mut traced);
    traced
}

fn copied(program: &Path, command: &Command) -> Command {
    let mut copy = Command::new(program);
    like(command, &mut copy);
    copy
}

/// Adds the arguments, the environment and the folder of a command to another one.
fn like(command: &Command, other: &mut Command) {
    other.args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => other.env(name, value),
            None => other.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        other.current_dir(folder);
    }
}
