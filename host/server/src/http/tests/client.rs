//! A client for tests of the HTTP server.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result};

/// Maximum time of a blocking call in a test.
pub(super) const GUARD: Duration = Duration::from_secs(60);

/// An answer of the server.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Said {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self> {
        let end = bytes.windows(4).position(|it| it == b"\r\n\r\n");
        let end = end.with_context(|| format!("no head in {} bytes", bytes.len()))?;
        Ok(Self {
            head: String::from_utf8(bytes[..end].to_vec())?,
            body: bytes[end + 4..].to_vec(),
        })
    }

    pub(super) fn status(&self) -> Option<u16> {
        self.head.split(' ').nth(1)?.parse().ok()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut found = lines.filter(|(it, _)| it.eq_ignore_ascii_case(name));
        Some(found.next()?.1)
    }
}

pub(super) fn connect(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, GUARD)?;
    stream.set_read_timeout(Some(GUARD))?;
    stream.set_write_timeout(Some(GUARD))?;
    Ok(stream)
}

/// Sends a request on a connection that closes after the answer.
pub(super) fn send(address: SocketAddr, line: &str, headers: &str) -> Result<TcpStream> {
    let mut stream = connect(address)?;
    let request = format!("{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes())?;
    Ok(stream)
}

pub(super) fn ask(address: SocketAddr, line: &str, headers: &str) -> Result<Said> {
    read(send(address, line, headers)?)
}

pub(super) fn read(mut stream: TcpStream) -> Result<Said> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    Said::parse(&bytes)
}

/// All bytes until the server closes the connection.
pub(super) fn until_closed(stream: &mut TcpStream) -> Result<Vec<u8>> {
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; 64 << 10]);
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(bytes),
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return Ok(bytes),
            Err(error) => return Err(error).context("the server did not close it"),
        }
    }
}

/// Reads one answer, whose body has `body` bytes, from a connection that stays open.
pub(super) fn one(stream: &mut TcpStream, body: usize) -> Result<Said> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        bytes.push(byte[0]);
    }
    let start = bytes.len();
    bytes.resize(start + body, 0);
    stream.read_exact(&mut bytes[start..])?;
    Said::parse(&bytes)
}
