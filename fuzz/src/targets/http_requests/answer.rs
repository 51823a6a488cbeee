//! Answers of a server, read strictly.

use std::io::Read;

use anyhow::{Context, Result, ensure};
use flate2::read::GzDecoder;

/// An answer of a server.
#[derive(Debug)]
pub(super) struct Received<'a> {
    pub(super) status: u16,
    headers: Vec<(String, &'a str)>,
    body: &'a [u8],
}

impl<'a> Received<'a> {
    /// The first answer, and the bytes after it. `bare` answers have no body.
    pub(super) fn split(bytes: &'a [u8], bare: bool) -> Result<(Self, &'a [u8])> {
        let end = bytes.windows(4).position(|it| it == b"\r\n\r\n");
        let end = end.with_context(|| format!("no head: {:?}", String::from_utf8_lossy(bytes)))?;
        let head = std::str::from_utf8(&bytes[..end])?;
        let printable = head.replace("\r\n", "");
        ensure!(printable.chars().all(|it| (' '..='~').contains(&it)), "the head {head:?}");
        let mut lines = head.split("\r\n");
        let first = lines.next().unwrap_or_default();
        let rest = ["HTTP/1.1 ", "HTTP/1.0 "].iter().find_map(|it| first.strip_prefix(it));
        let status = rest.and_then(|it| it.get(..3)?.parse().ok());
        let status = status.with_context(|| format!("the line {first:?}"))?;
        let mut headers = Vec::new();
        for line in lines {
            let (name, value) = line.split_once(": ").with_context(|| format!("the line {line:?}"))?;
            headers.push((name.to_ascii_lowercase(), value));
        }
        let (body, mut answer) = (&bytes[end + 4..], Self { status, headers, body: &[] });
        let length: usize = match answer.header("content-length") {
            Some(length) => length.parse()?,
            None => 0,
        };
        if bare || status == 100 {
            return Ok((answer, body));
        }
        ensure!(length <= body.len(), "{length} bytes are promised, and {} came", body.len());
        answer.body = &body[..length];
        Ok((answer, &body[length..]))
    }

    /// The value of a header, by its name in lower case.
    pub(super) fn header(&self, name: &str) -> Option<&'a str> {
        let mut headers = self.headers.iter();
        Some(headers.find(|(it, _)| it == name)?.1)
    }

    /// The body as text, without its encoding.
    pub(super) fn text(&self) -> Result<String> {
        let mut text = String::new();
        let mut body = self.body;
        if self.header("content-encoding") == Some("gzip") {
            GzDecoder::new(body).read_to_string(&mut text)?;
        } else {
            body.read_to_string(&mut text)?;
        }
        Ok(text)
    }
}
