use std::fmt;
use std::io::Read;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::faults::case::{Case, Signal};

/// Maximum time of a case. No case needs a tenth of it.
const GUARD: Duration = Duration::from_secs(60);

/// The end of a program, and its output.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.status)?;
        writeln!(f, "--- stdout\n{}", head(&self.stdout))?;
        write!(f, "--- stderr\n{}", head(&self.stderr))
    }
}

/// The beginning of an output, which can be long.
fn head(output: &str) -> String {
    output.chars().take(8_000).collect()
}

enum Event {
    Stdout(Vec<u8>),
    Stderr(Vec<u8>),
    Ended(std::io::Result<ExitStatus>),
}

/// Runs a program to its end, and kills it after [`GUARD`].
pub(crate) fn run(command: &mut Command, case: &Case) -> Result<End> {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting {command:?}"))?;
    let (id, begun) = (child.id(), Instant::now());

    let (events, happened) = channel();
    let stdout = child.stdout.take().context("stdout is a pipe")?;
    let stderr = child.stderr.take().context("stderr is a pipe")?;
    if case.closed_stdout {
        drop(stdout);
    } else {
        forward(stdout, events.clone(), Event::Stdout);
    }
    forward(stderr, events.clone(), Event::Stderr);
    thread::spawn(move || events.send(Event::Ended(child.wait())));

    let (mut stdout, mut stderr, mut status) = (Vec::new(), Vec::new(), None);
    let mut signal = case.signal.as_ref();
    // The channel closes after the end of both pipes and of the program.
    loop {
        match happened.recv_timeout(GUARD.saturating_sub(begun.elapsed())) {
            Ok(Event::Stdout(bytes)) => stdout.extend(bytes),
            Ok(Event::Stderr(bytes)) => stderr.extend(bytes),
            Ok(Event::Ended(how)) => status = Some(how?),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                send("KILL", id)?;
                let (stdout, stderr) = (head(&text(&stdout)), head(&text(&stderr)));
                bail!("the program did not end within {GUARD:?}, and wrote\n{stdout}\n{stderr}");
            }
        }
        if let Some(due) = signal.take_if(|it| says(&stdout, it) || says(&stderr, it)) {
            send(due.name.trim_start_matches("SIG"), id)?;
        }
    }
    if let Some(Signal { after, .. }) = signal {
        bail!("the program ended before it printed {after:?}");
    }
    Ok(End {
        status: status.context("the program ended")?,
        stdout: text(&stdout),
        stderr: text(&stderr),
    })
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

fn says(output: &[u8], signal: &Signal) -> bool {
    text(output).contains(&signal.after)
}

fn text(output: &[u8]) -> String {
    String::from_utf8_lossy(output).into_owned()
}

/// Sends a signal with the `kill` of the shell: the standard library has no such
/// function.
fn send(signal: &str, id: u32) -> Result<()> {
    let kill = format!("kill -{signal} {id}");
    let status = Command::new("sh").args(["-c", &kill]).status()?;
    ensure!(status.success(), "{kill}: {status}");
    Ok(())
}
