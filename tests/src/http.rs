//! A minimal HTTP/1.1 client that shows the answers of a server, byte for byte.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use anyhow::{Context, Result, ensure};

use crate::child::GUARD;

/// An answer of a server.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: String,
    headers: Vec<(String, String)>,
}

impl Answer {
    /// Parses all received bytes.
    ///
    /// # Errors
    ///
    /// When the bytes are not an answer.
    pub fn parse(text: &str) -> Result<Self> {
        let (head, body) = text.split_once("\r\n\r\n").context("no head")?;
        let mut lines = head.lines();
        let first = lines.next().unwrap_or_default();
        let rest = first.strip_prefix("HTTP/1.1 ").context("not HTTP/1.1")?;
        let status = rest.split(' ').next().unwrap_or_default();
        let headers: Vec<_> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        Ok(Self {
            status: status.parse().with_context(|| first.to_owned())?,
            body: body.to_owned(),
            headers,
        })
    }

    /// A header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(it, _)| it == name)
            .map(|(_, value)| &**value)
    }

    /// The value of a sample, in either format.
    pub fn sample(&self, series: &str) -> Result<f64> {
        crate::exposition::value(&self.body, series)
    }
}

/// Connects. Reads and writes on the connection have a timeout.
pub fn connect(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, GUARD)?;
    stream.set_read_timeout(Some(GUARD))?;
    stream.set_write_timeout(Some(GUARD))?;
    Ok(stream)
}

/// Sends a request on its own connection, which the server closes after the answer.
pub fn ask(address: SocketAddr, method: &str, path: &str, accept: &str) -> Result<Answer> {
    let mut stream = connect(address)?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: test\r\n{accept}Connection: close\r\n\r\n"
    )?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Answer::parse(&text).with_context(|| format!("{method} {path}: {text:?}"))
}

/// The exposition that a scraper without preferences gets.
pub fn scrape(address: SocketAddr) -> Result<Answer> {
    let answer = ask(address, "GET", "/metrics", "")?;
    ensure!(answer.status == 200, "{answer:?}");
    Ok(answer)
}

/// A whole page of a third-party server. In HTTP/1.0, an answer ends with the connection.
///
/// # Errors
///
/// When the server has no such page.
pub fn whole(address: SocketAddr, path: &str) -> Result<String> {
    let mut stream = connect(address)?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: test\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("no head")?;
    ensure!(head.contains(" 200 OK"), "GET {path}: {answer}");
    Ok(body.to_owned())
}
