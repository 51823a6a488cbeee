use std::io;
use std::time::{Duration, Instant};

use tokio::signal::unix::{self, SignalKind, signal};

/// Signals that come within this time are one request.
const ONE_REQUEST: Duration = Duration::from_millis(250);

/// What a runner is asked from outside.
pub(super) struct Signals {
    interrupt: unix::Signal,
    terminate: unix::Signal,
    hangup: unix::Signal,
    /// Who listens does not end at once: a write beyond the largest size that a file of
    /// this process may have only fails then, for whoever wrote.
    _file_size: unix::Signal,
}

/// SIGXFSZ, on all machines that Linux has this runner's instructions for.
const FILE_SIZE: i32 = 25;

/// One of those requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// SIGHUP.
    Reload,
    /// SIGINT or SIGTERM.
    Stop,
}

impl Signals {
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            _file_size: signal(SignalKind::from_raw(FILE_SIZE))?,
        })
    }

    pub(super) async fn next(&mut self) -> Signal {
        tokio::select! {
            biased;
            _ = self.interrupt.recv() => Signal::Stop,
            _ = self.terminate.recv() => Signal::Stop,
            _ = self.hangup.recv() => Signal::Reload,
        }
    }

    /// The next request to stop. One to reload waits meanwhile, and is not forgotten.
    pub(super) async fn stop(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// The next one after the first: who signals a process and its whole group, as
    /// `timeout` does, asks once.
    pub(super) async fn stop_again(&mut self) {
        let first = Instant::now();
        loop {
            self.stop().await;
            if first.elapsed() > ONE_REQUEST {
                return;
            }
        }
    }
}
