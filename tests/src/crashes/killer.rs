use std::fs;
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::artifact::command;
use crate::child::GUARD;

/// A shell that waits to kill a process. A new process would take milliseconds, and a file
/// of the cache is written in less.
pub(super) struct Killer {
    shell: Child,
    target: u32,
}

impl Killer {
    pub(super) fn of(target: u32) -> Result<Self> {
        let script = format!("read -r line; kill -KILL {target}");
        let shell = Command::new("sh")
            .args(["-c", &script])
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self { shell, target })
    }

    /// Kills the process, unless it has ended. Returns its children.
    pub(super) fn kill(mut self) -> Result<Vec<u32>> {
        // The kernel lists the children of each thread.
        let threads = fs::read_dir(format!("/proc/{}/task", self.target));
        let threads = threads.into_iter().flatten().flatten();
        let lists = threads.filter_map(|it| fs::read_to_string(it.path().join("children")).ok());
        let children = lists
            .flat_map(|list| {
                let ids = list.split_whitespace().map(str::parse);
                ids.filter_map(Result::ok).collect::<Vec<u32>>()
            })
            .collect();
        let stdin = self.shell.stdin.as_mut().context("the shell's input")?;
        stdin.write_all(b"\n")?;
        self.shell.wait()?;
        Ok(children)
    }
}

impl Drop for Killer {
    fn drop(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

/// Waits until a process runs the command. A slow disk takes `strace`, which starts first and
/// does not end if its target is killed before that.
pub(super) fn until_started(target: u32) -> Result<()> {
    let begun = Instant::now();
    let runs = || {
        let program = fs::read_link(format!("/proc/{target}/exe"));
        program.is_ok_and(|program| program.file_name() == command().file_name())
    };
    while !runs() {
        ensure!(begun.elapsed() < GUARD, "{target} does not start");
        std::thread::yield_now();
    }
    Ok(())
}

/// Waits until the processes that compile for a killed one have ended.
pub(super) fn until_gone(children: &[u32]) -> Result<()> {
    let begun = Instant::now();
    for child in children {
        let compiles = || {
            let line = fs::read_to_string(format!("/proc/{child}/cmdline"));
            line.is_ok_and(|line| line.contains("compile-worker"))
        };
        while compiles() {
            ensure!(begun.elapsed() < GUARD, "{child} outlives its parent");
            std::thread::yield_now();
        }
    }
    Ok(())
}
