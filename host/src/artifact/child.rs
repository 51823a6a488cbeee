//! A child process that answers one request, within a time limit.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Time that a read or a write waits before the time limit is checked.
const CHECK_INTERVAL: Duration = Duration::from_millis(50);

/// Time between two checks whether a process has ended after its answer.
const POLL_INTERVAL: Duration = Duration::from_millis(1);

/// Maximum bytes of one read.
const PIECE: usize = 64 << 10;

/// Maximum bytes of standard error that are kept.
const MAX_STDERR: usize = 16 << 10;

/// Exit status and output of a process.
#[derive(Debug)]
pub(super) struct ProcessEnd {
    pub(super) status: ExitStatus,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: String,
}

/// Reason why a process was stopped. The process is gone then.
#[derive(Debug)]
pub(super) enum ProcessStopped {
    /// The process could not be started, or its streams failed.
    Io(io::Error),
    /// The process exceeded its time.
    TooLong,
    /// The process exceeded the maximum size of its answer.
    TooMuch,
}

impl From<io::Error> for ProcessStopped {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Starts a process, sends it `input`, and takes up to `most` bytes in answer.
///
/// Standard input stays open until the process has ended, so that the process notices the end of
/// its parent. All three streams are sockets, since a wait for a socket can end: a stream that
/// another process still holds blocks nothing.
pub(super) fn ask(
    mut command: Command,
    input: &[&[u8]],
    most: u64,
    within: Duration,
) -> Result<ProcessEnd, ProcessStopped> {
    let time_limit = TimeLimit::new(within);
    let (stdin, their_stdin) = UnixStream::pair()?;
    let (stdout, their_stdout) = UnixStream::pair()?;
    let (stderr, their_stderr) = UnixStream::pair()?;
    for stream in [&stdin, &stdout, &stderr] {
        stream.set_read_timeout(Some(CHECK_INTERVAL))?;
        stream.set_write_timeout(Some(CHECK_INTERVAL))?;
    }
    command
        .stdin(OwnedFd::from(their_stdin))
        .stdout(OwnedFd::from(their_stdout))
        .stderr(OwnedFd::from(their_stderr));
    let mut child = KilledOnDrop(command.spawn()?);
    // Drop this process's own copies of the other ends too.
    drop(command);
    thread::scope(|scope| {
        let builder = || thread::Builder::new().name("compiler".into());
        // On every return, the threads stop talking to a process that is gone. The process is gone
        // before the threads are joined.
        let mut talk = || -> Result<_, ProcessStopped> {
            builder().spawn_scoped(scope, || {
                input
                    .iter()
                    .for_each(|part| send(&stdin, part, &time_limit));
            })?;
            let output = builder().spawn_scoped(scope, || read_stderr(&stderr, &time_limit))?;
            let answer = take(&stdout, most, &time_limit)?;
            let status = child.end(&time_limit)?;
            Ok((output, answer, status))
        };
        let talked = talk();
        drop(child);
        time_limit.end();
        let (output, stdout, status) = talked?;
        Ok(ProcessEnd {
            status,
            stdout,
            stderr: output.join().unwrap_or_default(),
        })
    })
}

/// Time limit of a request, and whether the request is over.
struct TimeLimit {
    until: Option<Instant>,
    /// Only ends loops early, so the accesses are relaxed.
    over: AtomicBool,
}

impl TimeLimit {
    fn new(within: Duration) -> Self {
        Self {
            until: Instant::now().checked_add(within),
            over: AtomicBool::new(false),
        }
    }

    fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        let late = self.until.is_some_and(|until| Instant::now() >= until);
        late || self.over.load(Ordering::Relaxed)
    }
}

/// A process that ends when this value is dropped.
struct KilledOnDrop(Child);

impl KilledOnDrop {
    /// Waits for the end of a process that has closed its output.
    fn end(&mut self, time_limit: &TimeLimit) -> Result<ExitStatus, ProcessStopped> {
        loop {
            if let Some(status) = self.0.try_wait()? {
                return Ok(status);
            }
            if time_limit.is_over() {
                return Err(ProcessStopped::TooLong);
            }
            // The standard library cannot wait for a process with a time limit. Crates that can
            // take the handler of SIGCHLD, which belongs to the embedder. The process has closed
            // its output and is about to end, so this loop runs once or twice.
            thread::sleep(POLL_INTERVAL);
        }
    }
}

impl Drop for KilledOnDrop {
    fn drop(&mut self) {
        // Both calls do nothing to a process that has ended and was waited for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn send(mut to: &UnixStream, mut input: &[u8], time_limit: &TimeLimit) {
    while !input.is_empty() && !time_limit.is_over() {
        match to.write(input) {
            Ok(sent) => input = &input[sent..],
            Err(error) if is_pause(&error) => {}
            // The process has ended, or reads no more: its answer tells which.
            Err(_) => return,
        }
    }
}

/// Reads the whole answer, up to the maximum size.
fn take(
    mut from: &UnixStream,
    most: u64,
    time_limit: &TimeLimit,
) -> Result<Vec<u8>, ProcessStopped> {
    let (mut taken, mut buffer) = (Vec::new(), vec![0; PIECE]);
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(taken),
            Ok(length) if (taken.len() + length) as u64 > most => {
                return Err(ProcessStopped::TooMuch);
            }
            Ok(length) => taken.extend_from_slice(&buffer[..length]),
            Err(error) if is_pause(&error) => {}
            Err(error) => return Err(error.into()),
        }
        if time_limit.is_over() {
            return Err(ProcessStopped::TooLong);
        }
    }
}

/// Reads the start of standard error. The rest is read and discarded, so that the process does not
/// block.
fn read_stderr(mut from: &UnixStream, time_limit: &TimeLimit) -> String {
    let (mut output, mut buffer) = (Vec::new(), [0; 1024]);
    // When the process has ended, its last output has already arrived; later output is from other
    // processes.
    let mut afterwards = MAX_STDERR / buffer.len();
    while afterwards > 0 {
        let over = time_limit.is_over();
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => {
                let space = MAX_STDERR.saturating_sub(output.len());
                output.extend_from_slice(&buffer[..length.min(space)]);
            }
            Err(error) if is_pause(&error) && !over => {}
            Err(_) => break,
        }
        afterwards -= usize::from(over);
    }
    String::from_utf8_lossy(&output).into_owned()
}

fn is_pause(error: &io::Error) -> bool {
    use ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), WouldBlock | TimedOut | Interrupted)
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn much_goes_in_and_out_at_once() -> Result<(), ProcessStopped> {
        let input = vec![7; 8 << 20];
        let script = "head -c 8388608; echo heard >&2; exit 3";
        let ended = ask(shell(script), &[&input], u64::MAX, PATIENCE)?;
        assert!(ended.stdout == input);
        assert_eq!((ended.status.code(), &*ended.stderr), (Some(3), "heard\n"));
        Ok(())
    }

    #[test]
    fn a_process_that_reads_nothing_blocks_nothing() -> Result<(), ProcessStopped> {
        let ended = ask(shell("exit 0"), &[&[7; 8 << 20]], 0, PATIENCE)?;
        assert!(ended.status.success());
        Ok(())
    }

    #[test]
    fn the_time_of_a_process_and_of_its_children_is_bounded() {
        // The second process keeps the streams open when the first is killed.
        for script in [
            "exec tail -f /dev/null",
            "timeout 20 tail -f /dev/null & wait",
        ] {
            let started = Instant::now();
            let within = Duration::from_millis(100);
            let stopped = ask(shell(script), &[&[7; 8 << 20]], 9, within);
            assert!(
                matches!(stopped, Err(ProcessStopped::TooLong)),
                "{stopped:?}"
            );
            assert!(started.elapsed() < Duration::from_secs(20));
        }
        // The process has closed its output, and does not end.
        let script = "exec tail -f /dev/null >/dev/null 2>/dev/null";
        let stopped = ask(shell(script), &[], 9, Duration::from_millis(100));
        assert!(
            matches!(stopped, Err(ProcessStopped::TooLong)),
            "{stopped:?}"
        );
    }

    #[test]
    fn the_output_of_a_process_is_bounded() -> Result<(), ProcessStopped> {
        let ended = ask(shell("printf 1234"), &[], 4, PATIENCE)?;
        assert_eq!(ended.stdout, b"1234");
        let stopped = ask(shell("printf 12345"), &[], 4, PATIENCE);
        assert!(
            matches!(stopped, Err(ProcessStopped::TooMuch)),
            "{stopped:?}"
        );
        let stopped = ask(shell("exec cat /dev/zero"), &[], 1 << 20, PATIENCE);
        assert!(
            matches!(stopped, Err(ProcessStopped::TooMuch)),
            "{stopped:?}"
        );
        let ended = ask(shell("head -c 1000000 /dev/zero >&2"), &[], 4, PATIENCE)?;
        assert_eq!(ended.stderr.len(), MAX_STDERR);
        Ok(())
    }

    #[test]
    fn a_killed_process_reports_its_signal() -> Result<(), ProcessStopped> {
        let ended = ask(shell("kill -9 $$"), &[], 4, PATIENCE)?;
        assert_eq!(ended.status.signal(), Some(9));
        Ok(())
    }

    #[test]
    fn the_input_of_a_process_stays_open_until_it_has_ended() -> Result<(), ProcessStopped> {
        let script = "head -c 2; timeout 0.2 cat; echo $?";
        let ended = ask(shell(script), &[b"a", b"b"], 99, PATIENCE)?;
        assert_eq!(ended.stdout, b"ab124\n");
        Ok(())
    }

    #[test]
    fn a_missing_program_is_an_error() {
        let stopped = ask(Command::new("/nowhere/at/all"), &[], 4, PATIENCE);
        assert!(matches!(stopped, Err(ProcessStopped::Io(_))), "{stopped:?}");
    }
}
