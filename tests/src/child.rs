//! A command of this machine, as a child process of a test.

use std::fmt;
use std::io::{PipeReader, Read, Write};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

/// Maximum time that a test waits for a child. On an idle machine, no child needs a tenth
/// of it.
pub const GUARD: Duration = Duration::from_secs(60);

/// A child process. Dropping the value kills a process that still runs.
pub struct Running {
    /// The process id.
    pub id: u32,
    begun: Instant,
    guard: Duration,
    events: Receiver<Event>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    /// Bytes of standard error that were taken as lines.
    lines_read: usize,
    status: Option<ExitStatus>,
    unread: Option<ChildStdout>,
}

/// The end of a child, and its output.
#[derive(Debug)]
pub struct End {
    /// The exit code, unless a signal killed the child.
    pub code: Option<i32>,
    /// All bytes of standard output.
    pub stdout: String,
    /// All bytes of standard error.
    pub stderr: String,
    /// The time from the start to the end.
    pub took: Duration,
}

enum Event {
    Stdout(Vec<u8>),
    Stderr(Vec<u8>),
    Ended(std::io::Result<ExitStatus>),
}

impl Running {
    /// Starts a child and reads both outputs.
    pub fn start(command: &mut Command) -> Result<Self> {
        let (mut running, events) = Self::spawn(command, Stdio::piped(), Stdio::piped())?;
        if let Some(stdout) = running.unread.take() {
            forward(stdout, events, Event::Stdout);
        }
        Ok(running)
    }

    /// Starts a child and does not read its standard output.
    pub fn start_unread(command: &mut Command) -> Result<Self> {
        Ok(Self::spawn(command, Stdio::piped(), Stdio::piped())?.0)
    }

    /// Starts a child whose standard error is full. The returned reader keeps it open,
    /// and does not read it.
    pub fn start_unheard(command: &mut Command) -> Result<(Self, PipeReader)> {
        let (reader, mut writer) = std::io::pipe()?;
        let stderr = writer.try_clone()?;
        thread::spawn(move || while writer.write_all(&[b' '; 4096]).is_ok() {});
        let running = Self::start_telling(command, stderr.into())?;
        Ok((running, reader))
    }

    /// Starts a child with this standard error.
    pub fn start_telling(command: &mut Command, stderr: Stdio) -> Result<Self> {
        let (mut running, events) = Self::spawn(command, Stdio::piped(), stderr)?;
        if let Some(stdout) = running.unread.take() {
            forward(stdout, events, Event::Stdout);
        }
        Ok(running)
    }

    /// Starts a child whose standard output is full. The returned reader keeps it open,
    /// and does not read it.
    pub fn start_full(command: &mut Command) -> Result<(Self, PipeReader)> {
        let (reader, mut writer) = std::io::pipe()?;
        let stdout = writer.try_clone()?;
        thread::spawn(move || while writer.write_all(&[b' '; 4096]).is_ok() {});
        let (running, _) = Self::spawn(command, stdout.into(), Stdio::piped())?;
        Ok((running, reader))
    }

    fn spawn(command: &mut Command, stdout: Stdio, stderr: Stdio) -> Result<(Self, Sender<Event>)> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))?;
        let (events, happened) = channel();
        let running = Self {
            id: child.id(),
            begun: Instant::now(),
            guard: GUARD,
            events: happened,
            stdout: Vec::new(),
            stderr: Vec::new(),
            lines_read: 0,
            status: None,
            unread: child.stdout.take(),
        };
        if let Some(stderr) = child.stderr.take() {
            forward(stderr, events.clone(), Event::Stderr);
        }
        wait(child, events.clone());
        Ok((running, events))
    }

    /// Replaces [`GUARD`] for this child.
    pub fn within(mut self, guard: Duration) -> Self {
        self.guard = guard;
        self
    }

    /// The standard output, which this type does not read.
    pub fn unread(&mut self) -> Result<ChildStdout> {
        self.unread.take().context("standard output is read")
    }

    /// Waits for a whole line with this beginning, on either stream. Returns the rest of
    /// the line.
    pub fn line(&mut self, beginning: &str) -> Result<String> {
        loop {
            for output in [&self.stderr, &self.stdout] {
                let said = String::from_utf8_lossy(output);
                let whole = said.rfind('\n').map_or("", |end| &said[..end]);
                if let Some(line) = whole.lines().find_map(|line| line.strip_prefix(beginning)) {
                    return Ok(line.to_owned());
                }
            }
            let more = self.next()?;
            ensure!(more, "the child ended before it printed {beginning:?}");
        }
    }

    /// Waits for the next whole line of standard error after the last returned one.
    ///
    /// # Errors
    ///
    /// When the child ends before the line, or the line takes too long.
    pub fn next_line(&mut self) -> Result<String> {
        loop {
            let unread = &self.stderr[self.lines_read..];
            if let Some(end) = unread.iter().position(|&byte| byte == b'\n') {
                let line = String::from_utf8_lossy(&unread[..end]).into_owned();
                self.lines_read += end + 1;
                return Ok(line);
            }
            let more = self.next()?;
            ensure!(
                more,
                "the child ended: {}",
                head(&String::from_utf8_lossy(&self.stderr))
            );
        }
    }

    /// Sends a signal with the `kill` of the shell: the standard library has no such
    /// function.
    pub fn signal(&self, name: &str) -> Result<()> {
        let kill = format!("kill -{name} {}", self.id);
        let output = Command::new("sh").args(["-c", &kill]).output()?;
        ensure!(output.status.success(), "{kill}: {output:?}");
        Ok(())
    }

    /// Waits for the end of the child and of its output.
    pub fn end(mut self) -> Result<End> {
        while self.next()? {}
        Ok(End {
            code: self.status.context("no exit status")?.code(),
            stdout: String::from_utf8_lossy(&self.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&self.stderr).into_owned(),
            took: self.begun.elapsed(),
        })
    }

    /// Takes the next event. Returns `false` after the end of the child and of its
    /// output.
    fn next(&mut self) -> Result<bool> {
        let left = self.guard.saturating_sub(self.begun.elapsed());
        match self.events.recv_timeout(left) {
            Ok(Event::Stdout(bytes)) => self.stdout.extend(bytes),
            Ok(Event::Stderr(bytes)) => self.stderr.extend(bytes),
            Ok(Event::Ended(how)) => self.status = Some(how?),
            Err(RecvTimeoutError::Disconnected) => return Ok(false),
            Err(RecvTimeoutError::Timeout) => bail!(
                "the child did not end within {:?}:\n{}",
                self.guard,
                head(&String::from_utf8_lossy(&self.stderr))
            ),
        }
        Ok(true)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        while let Ok(event) = self.events.try_recv() {
            if let Event::Ended(Ok(status)) = event {
                self.status = Some(status);
            }
        }
        if self.status.is_none() {
            // A child keeps its process id until its parent has waited for it.
            let _ = self.signal("KILL");
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "code {:?} after {:?}", self.code, self.took)?;
        writeln!(f, "--- stdout\n{}", head(&self.stdout))?;
        write!(f, "--- stderr\n{}", head(&self.stderr))
    }
}

/// The beginning of an output, which can be long.
fn head(output: &str) -> String {
    output.chars().take(4_000).collect()
}

fn forward(mut from: impl Read + Send + 'static, to: Sender<Event>, wrap: fn(Vec<u8>) -> Event) {
    thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            if to.send(wrap(buffer[..length].to_vec())).is_err() {
                return;
            }
        }
    });
}

fn wait(mut child: Child, events: Sender<Event>) {
    thread::spawn(move || events.send(Event::Ended(child.wait())));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_does_not_outlive_its_guard() -> Result<()> {
        let running = Running::start(Command::new("sh").args(["-c", "exec tail -f /dev/null"]))?;
        let id = running.id;
        drop(running);
        // A killed process is gone, or is a zombie, soon after.
        let gone = Instant::now() + GUARD;
        while Instant::now() < gone {
            match std::fs::read_to_string(format!("/proc/{id}/stat")) {
                Ok(stat) if !stat.contains(") Z ") => thread::yield_now(),
                _ => return Ok(()),
            }
        }
        bail!("{id} is still there");
    }
}
