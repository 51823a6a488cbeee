use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use anyhow::Result;

use crate::http::connect;

/// Pause between two bytes.
const PAUSE: Duration = Duration::from_millis(250);

/// Opens connections that send a request a byte at a time and never finish it, until the
/// other end of `stop` is dropped. A new connection replaces each that the server closes.
/// Returns the number of closed connections.
pub(super) fn loris(address: SocketAddr, number: usize, stop: &Receiver<()>) -> Result<usize> {
    let mut connections = Vec::new();
    for _ in 0..number {
        connections.push(begin(address)?);
    }
    let mut closed = 0;
    while stop.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
        for connection in &mut connections {
            if !goes_on(connection) {
                closed += 1;
                *connection = begin(address)?;
            }
        }
    }
    Ok(closed)
}

fn begin(address: SocketAddr) -> Result<TcpStream> {
    let mut connection = connect(address)?;
    connection.write_all(b"GET /metrics HTTP/1.1\r\nX: ")?;
    connection.set_nonblocking(true)?;
    Ok(connection)
}

/// Sends another byte. Returns `false` if the server has closed the connection.
fn goes_on(connection: &mut TcpStream) -> bool {
    let mut said = [0; 512];
    loop {
        match connection.read(&mut said) {
            // The server may send a reason before it closes the connection.
            Ok(1..) => {}
            Ok(0) => return false,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
            Err(_) => return false,
        }
    }
    connection.write_all(b"x").is_ok()
}
