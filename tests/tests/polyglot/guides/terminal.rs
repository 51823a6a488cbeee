//! The command of the first terminal, while the reader uses a second one.

use std::fmt::Write;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use solti_metrics_tests::shell::shell;

use crate::guides::page::Block;

/// The address in the pages. The tests use a free one.
pub(crate) const ADDRESS: &str = "127.0.0.1:9464";

/// Maximum time until the shown output appears. Most of it is the compilation of a large
/// component.
const GUARD: Duration = Duration::from_secs(300);

/// A command that runs until a key is pressed. Dropping the value kills the process.
pub(crate) struct Terminal {
    child: Child,
    said: BufReader<ChildStderr>,
    key: String,
    begun: Instant,
    pub(crate) address: String,
}

impl Terminal {
    pub(crate) fn open(block: &Block, folder: &Path) -> Result<Self> {
        let [line] = block.lines().collect::<Vec<_>>()[..] else {
            bail!("not one command: {:?}", block.text);
        };
        ensure!(line.contains(ADDRESS), "{line} serves elsewhere");
        let line = line.replace(ADDRESS, "127.0.0.1:0");
        let mut child = shell(&format!("exec {line}"), folder)?
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let said = child.stderr.take().context("no standard error")?;
        let mut terminal = Self {
            child,
            said: BufReader::new(said),
            key: block.about.replace("until ", ""),
            begun: Instant::now(),
            address: String::new(),
        };
        let mut first = String::new();
        terminal.said.read_line(&mut first)?;
        let address = first.trim_end().strip_prefix("serving http://");
        let address = address.and_then(|address| address.strip_suffix("/metrics"));
        terminal.address = address.with_context(|| first.clone())?.into();
        Ok(terminal)
    }

    /// Returns whether the maximum time has passed.
    pub(crate) fn is_late(&self) -> bool {
        self.begun.elapsed() > GUARD
    }

    /// Presses the key, and returns the output.
    pub(crate) fn end(mut self, after: &str) -> Result<String> {
        ensure!(after == format!("after {}", self.key), "{after}?");
        match &*self.key {
            "ctrl-d" => drop(self.child.stdin.take()),
            "ctrl-c" => {
                // The `kill` of the shell: the standard library has no such function.
                let kill = format!("kill -INT {}", self.child.id());
                let killed = Command::new("sh").args(["-c", &kill]).status()?;
                ensure!(killed.success(), "{kill}: {killed}");
            }
            other => bail!("{other} is not a key"),
        }
        let mut printed = String::new();
        let stdout = self.child.stdout.as_mut().context("no standard output")?;
        stdout.read_to_string(&mut printed)?;
        self.said.read_to_string(&mut printed)?;
        let status = self.child.wait()?;
        writeln!(printed, "{status}")?;
        // An interrupted command does not succeed.
        let expected = i32::from(self.key == "ctrl-c");
        ensure!(status.code() == Some(expected), "{printed}");
        Ok(printed)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
