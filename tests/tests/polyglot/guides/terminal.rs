//! What runs in the first terminal, while somebody looks at it from a second one.

use std::fmt::Write;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use solti_metrics_tests::shell::shell;

use crate::guides::page::Block;

/// Where the pages serve metrics. The tests do so where nobody else does.
pub(crate) const ADDRESS: &str = "127.0.0.1:9464";

/// How long it may take for what is shown to be there. Most of that is for a large
/// component to be compiled.
const GUARD: Duration = Duration::from_secs(300);

/// A command that runs until a key is pressed. It is killed if none ever is.
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

    /// Whether there is no use in waiting any longer.
    pub(crate) fn is_late(&self) -> bool {
        self.begun.elapsed() > GUARD
    }

    /// Presses the key, and returns what was printed.
    pub(crate) fn end(mut self, after: &str) -> Result<String> {
        ensure!(after == format!("after {}", self.key), "{after}?");
        match &*self.key {
            "ctrl-d" => drop(self.child.stdin.take()),
            "ctrl-c" => {
                // The shell's own: Rust's library has none.
                let kill = format!("kill -INT {}", self.child.id());
                let killed = Command::new("sh").args(["-c", &kill]).status()?;
                ensure!(killed.success(), "{kill}: {killed}");
            }
            other => bail!("{other} is no key"),
        }
        let mut printed = String::new();
        let stdout = self.child.stdout.as_mut().context("no standard output")?;
        stdout.read_to_string(&mut printed)?;
        self.said.read_to_string(&mut printed)?;
        let status = self.child.wait()?;
        writeln!(printed, "{status}")?;
        // What is interrupted has not succeeded.
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
