//! The protocol of a server, from its first bytes.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::{Connected, Connection};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The first bytes of the last connection, which identify the server's protocol.
#[derive(Debug, Clone, Default)]
pub(super) struct FirstBytes(Arc<Mutex<Vec<u8>>>);

/// Maximum number of noted bytes.
const MOST: usize = 32;

/// Protocol of a server, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PeerProtocol {
    /// The server has sent no bytes yet.
    Nothing,
    Tls,
    Http1,
    Http2,
    Else,
}

impl FirstBytes {
    pub(super) fn forget(&self) {
        self.bytes(Vec::clear);
    }

    pub(super) fn speak(&self) -> PeerProtocol {
        self.bytes(|bytes| speaks(bytes))
    }

    /// The bytes as text, for messages.
    pub(super) fn shown(&self) -> String {
        self.bytes(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    fn add(&self, more: &[u8]) {
        self.bytes(|bytes| {
            let free = MOST.saturating_sub(bytes.len()).min(more.len());
            bytes.extend(more.iter().take(free));
        });
    }

    fn bytes<T>(&self, what: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        what(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn speaks(bytes: &[u8]) -> PeerProtocol {
    match bytes {
        [] => PeerProtocol::Nothing,
        // A TLS record: its type, and the version 3.x.
        [0x14..=0x17, 3, ..] => PeerProtocol::Tls,
        _ if bytes.starts_with(b"HTTP/") => PeerProtocol::Http1,
        // A frame of the connection: `SETTINGS`, the first frame of a server, or `GOAWAY`.
        [0, _, _, 4 | 7, _, 0, 0, 0, 0, ..] => PeerProtocol::Http2,
        _ => PeerProtocol::Else,
    }
}

/// A stream that notes its first bytes.
#[derive(Debug)]
pub(super) struct NotingStream<S> {
    stream: S,
    first: FirstBytes,
    more: bool,
}

impl<S> NotingStream<S> {
    /// Wraps a stream, and forgets the bytes of an earlier stream.
    pub(super) fn new(stream: S, first: FirstBytes) -> Self {
        first.forget();
        let more = true;
        Self {
            stream,
            first,
            more,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for NotingStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if self.more {
            let new = buffer.filled().get(before..).unwrap_or_default();
            self.first.add(new);
            self.more = self.first.bytes(|bytes| bytes.len() < MOST);
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for NotingStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl<S: Connection> Connection for NotingStream<S> {
    fn connected(&self) -> Connected {
        self.stream.connected()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_protocol_is_recognised_by_its_first_bytes() {
        for (bytes, expected) in [
            (&b""[..], PeerProtocol::Nothing),
            (b"\x15\x03\x01\x00\x02\x02\x46", PeerProtocol::Tls),
            (b"\x16\x03\x03\x00\x7a", PeerProtocol::Tls),
            (b"HTTP/1.1 400 Bad Request\r\n", PeerProtocol::Http1),
            (b"\0\0\0\x04\0\0\0\0\0", PeerProtocol::Http2),
            (b"\0\0\x12\x04\0\0\0\0\0\0\x03", PeerProtocol::Http2),
            (b"\0\0\x08\x07\0\0\0\0\0", PeerProtocol::Http2),
            (b"SSH-2.0-", PeerProtocol::Else),
            (b"H", PeerProtocol::Else),
        ] {
            assert_eq!(speaks(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn no_more_than_the_first_bytes_are_noted() {
        let first = FirstBytes::default();
        (0..10).for_each(|_| first.add(&[b'a'; 20]));
        assert_eq!(first.shown(), "a".repeat(MOST));
        first.forget();
        assert_eq!(first.speak(), PeerProtocol::Nothing);
    }
}
