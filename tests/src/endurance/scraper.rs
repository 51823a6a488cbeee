use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::http::connect;

/// The request of Prometheus, without the encodings that it accepts and the end.
const REQUEST: &str = "GET /metrics HTTP/1.1\r\nHost: test\r\n\
    Accept: application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5\r\n";

/// A scraper that uses one connection as long as the server keeps it open.
pub(crate) struct Scraper {
    pub(crate) address: SocketAddr,
    /// Whether the scraper accepts gzip, as Prometheus does.
    pub(crate) gzip: bool,
    /// Time between two scrapes.
    pub(crate) every: Duration,
    /// Delay of the first scheduled scrape after the start.
    pub(crate) phase: Duration,
}

impl Scraper {
    /// Scrapes once, reports it, and continues until the other end of `stop` is dropped.
    /// Returns the time of each scrape without the first.
    pub(crate) fn run(self, ready: &Sender<()>, stop: &Receiver<()>) -> Result<Vec<Duration>> {
        let accepts = match self.gzip {
            true => "Accept-Encoding: gzip\r\n",
            false => "",
        };
        let request = format!("{REQUEST}{accepts}\r\n");
        let mut connection = connect(self.address)?;
        scrape(&mut connection, &request)?;
        let (mut took, begun) = (Vec::new(), Instant::now());
        let mut due = self.phase;
        // Sending fails if the round has ended already.
        let _ = ready.send(());
        loop {
            match stop.recv_timeout(due.saturating_sub(begun.elapsed())) {
                Err(RecvTimeoutError::Timeout) => {}
                _ => return Ok(took),
            }
            due += self.every;
            let asked = Instant::now();
            if scrape(&mut connection, &request).is_err() {
                // A server may close a connection between two requests.
                connection = connect(self.address)?;
                scrape(&mut connection, &request)?;
            }
            took.push(asked.elapsed());
        }
    }
}

fn scrape(connection: &mut TcpStream, request: &str) -> Result<()> {
    connection.write_all(request.as_bytes())?;
    let (mut answer, mut piece) = (Vec::new(), [0; 16 << 10]);
    let mut whole = None;
    while whole.is_none_or(|whole| answer.len() < whole) {
        match connection.read(&mut piece) {
            Ok(0) => bail!("closed within an answer"),
            Ok(length) => answer.extend_from_slice(&piece[..length]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
        whole = whole.map_or_else(|| length(&answer), |whole| Ok(Some(whole)))?;
    }
    Ok(())
}

/// Length of an answer. The result is `None` until its head is complete.
fn length(answer: &[u8]) -> Result<Option<usize>> {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    ensure!(head.starts_with("http/1.1 200 "), "{head}");
    let mut lines = head.lines();
    let length = lines.find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.context("no length")?.trim().parse()?;
    Ok(Some(end + 4 + length))
}
