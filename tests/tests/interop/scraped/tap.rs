//! A proxy between an HTTP client and a server that remembers both sides.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use anyhow::{Context, Result};
use solti_metrics_tests::child::GUARD;

/// A proxy that runs until the process ends.
pub(crate) struct Tap {
    pub(crate) address: SocketAddr,
    heads: Receiver<String>,
}

impl Tap {
    pub(crate) fn before(server: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (told, heads) = channel();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // A client without an answer retries.
                let _ = between(client, server, &told);
            }
        });
        Ok(Self { address, heads })
    }

    /// Waits for the next head with this beginning, in lower case.
    pub(crate) fn head(&self, beginning: &str) -> Result<String> {
        loop {
            let head = self.heads.recv_timeout(GUARD);
            let head = head.with_context(|| format!("no head starts with {beginning}"))?;
            if head.starts_with(beginning) {
                return Ok(head);
            }
        }
    }
}

fn between(client: TcpStream, server: SocketAddr, told: &Sender<String>) -> Result<()> {
    let server = TcpStream::connect(server)?;
    for (mut from, mut to) in [(client.try_clone()?, server.try_clone()?), (server, client)] {
        let told = told.clone();
        thread::spawn(move || {
            let mut buffer = [0; 1 << 16];
            while let Ok(length @ 1..) = from.read(&mut buffer) {
                // A head is small and arrives in one piece.
                let said = String::from_utf8_lossy(&buffer[..length]);
                let head = said.split("\r\n\r\n").next().unwrap_or_default();
                let _ = told.send(head.to_ascii_lowercase());
                if to.write_all(&buffer[..length]).is_err() {
                    break;
                }
            }
            let _ = to.shutdown(Shutdown::Write);
        });
    }
    Ok(())
}
