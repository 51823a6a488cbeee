//! A collector that answers every push with the same bytes.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use parking_lot::Mutex;

/// Bound of a read.
const GUARD: Duration = Duration::from_secs(5);

pub(super) struct Collector {
    pub(super) address: SocketAddr,
    answer: Arc<Mutex<Vec<u8>>>,
}

impl Collector {
    pub(super) fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let answer = Arc::new(Mutex::new(Vec::new()));
        let answers = Arc::clone(&answer);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // The client may be gone.
                let _ = serve(stream, &answers.lock().clone());
            }
        });
        Ok(Self { address, answer })
    }

    /// Sets the answer of later pushes.
    pub(super) fn answer(&self, bytes: &[u8]) {
        *self.answer.lock() = bytes.to_vec();
    }
}

/// Reads a request, answers, and closes the connection. With HTTP/2, the answer follows the first
/// bytes.
fn serve(mut stream: TcpStream, answer: &[u8]) -> Result<()> {
    stream.set_read_timeout(Some(GUARD))?;
    let (mut request, mut buffer) = (Vec::new(), [0; 16 << 10]);
    while !is_whole(&request) {
        match stream.read(&mut buffer)? {
            0 => break,
            length => request.extend_from_slice(&buffer[..length]),
        }
    }
    stream.write_all(answer)?;
    stream.shutdown(Shutdown::Write)?;
    // Bytes that are not read would reset the connection, and with it the answer.
    while stream.read(&mut buffer)? > 0 {}
    Ok(())
}

fn is_whole(request: &[u8]) -> bool {
    if request.starts_with(b"PRI") {
        return true;
    }
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some(end) = request.windows(4).position(|it| it == b"\r\n\r\n") else {
        return false;
    };
    let length = text.split("content-length: ").nth(1);
    let length = length.and_then(|it| it.split("\r\n").next()?.parse::<usize>().ok());
    request.len() >= end + 4 + length.unwrap_or(0)
}
