//! A third-party server, as a child process of the test.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::backends::tested_provider::GUARD;

/// A server. Dropping the value kills the process.
pub(crate) struct Server {
    child: Child,
    lines: Receiver<String>,
    said: Vec<String>,
}

impl Server {
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))?;
        let (said, lines) = channel();
        if let Some(stdout) = child.stdout.take() {
            forward(stdout, said.clone());
        }
        if let Some(stderr) = child.stderr.take() {
            forward(stderr, said);
        }
        Ok(Self {
            child,
            lines,
            said: Vec::new(),
        })
    }

    /// Waits until the server prints this text, and returns the rest of the line.
    pub(crate) fn says(&mut self, what: &str) -> Result<String> {
        let begun = Instant::now();
        loop {
            let left = GUARD.saturating_sub(begun.elapsed());
            let Ok(line) = self.lines.recv_timeout(left) else {
                bail!("the server did not print {what:?}, but {:#?}", self.said);
            };
            if let Some((_, rest)) = line.split_once(what) {
                return Ok(rest.to_owned());
            }
            self.said.push(line);
        }
    }

    /// Fails if the server has ended, with its output.
    pub(crate) fn must_live(&mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            self.said.extend(self.lines.iter());
            bail!("the server ended with {status}: {:#?}", self.said);
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A process that has ended cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn forward(from: impl Read + Send + 'static, to: Sender<String>) {
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            // The server must not stop if the test no longer reads.
            let _ = to.send(line);
        }
    });
}

/// A free address, for a server that cannot choose a port.
pub(crate) fn free_tcp() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// A free address for datagrams.
pub(crate) fn free_udp() -> Result<SocketAddr> {
    Ok(UdpSocket::bind("127.0.0.1:0")?.local_addr()?)
}
