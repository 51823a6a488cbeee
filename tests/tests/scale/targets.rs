//! Runners that are scraped: each a server of one page.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use anyhow::Result;
use solti_metrics::Exposition;

use crate::measured::gzip;
use crate::runner::{Plan, Runner};

/// One answer, as it went over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scrape {
    pub(crate) target: usize,
    pub(crate) exposition: Exposition,
    pub(crate) gzip: bool,
    /// Of the body.
    pub(crate) bytes: u64,
}

pub(crate) struct Targets {
    pub(crate) addresses: Vec<SocketAddr>,
    /// What was answered, in order.
    pub(crate) scrapes: Receiver<Scrape>,
}

impl Targets {
    /// They serve as long as the process lives.
    pub(crate) fn start(count: usize) -> Result<Self> {
        let (told, scrapes) = channel();
        let mut addresses = Vec::new();
        for target in 0..count {
            let runner = Runner::start(Plan::USUAL)?;
            let listener = TcpListener::bind("127.0.0.1:0")?;
            addresses.push(listener.local_addr()?);
            let told = told.clone();
            thread::spawn(move || serve(&listener, target, &runner, &told));
        }
        Ok(Self { addresses, scrapes })
    }
}

fn serve(listener: &TcpListener, target: usize, runner: &Runner, told: &Sender<Scrape>) {
    for stream in listener.incoming().flatten() {
        // One that fails is missing from the scrapes, which somebody waits for.
        if let Ok(scrape) = answer(stream, target, runner) {
            let _ = told.send(scrape);
        }
    }
}

fn answer(mut stream: TcpStream, target: usize, runner: &Runner) -> Result<Scrape> {
    let (mut accept, mut compressed) = (String::new(), false);
    for line in BufReader::new(&stream).lines() {
        let line = line?.to_ascii_lowercase();
        match line.split_once(": ") {
            Some(("accept", ranges)) => accept = ranges.to_owned(),
            Some(("accept-encoding", codings)) => compressed = codings.contains("gzip"),
            None if line.is_empty() => break,
            _ => {}
        }
    }
    let exposition = Exposition::negotiate(&accept);
    let text = runner.encode(exposition)?;
    let (body, coding) = match compressed {
        true => (gzip(&text)?, "Content-Encoding: gzip\r\n"),
        false => (text.into_bytes(), ""),
    };
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: {}\r\n{coding}Content-Length: {}\r\n\
         Connection: close\r\n\r\n",
        exposition.content_type(),
        body.len(),
    )?;
    stream.write_all(&body)?;
    Ok(Scrape {
        target,
        exposition,
        gzip: compressed,
        bytes: body.len() as u64,
    })
}
