use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use anyhow::Result;

use crate::http::connect;

/// From one byte to the next.
const PAUSE: Duration = Duration::from_millis(250);

/// Connections that send a request a byte at a time and never come to its end, until
/// whoever holds the other end of `stop` lets go of it. How many the server has closed;
/// another one takes the place of each.
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

/// Sends one byte more, unless the server has had enough.
fn goes_on(connection: &mut TcpStream) -> bool {
    let mut said = [0; 512];
    loop {
        match connection.read(&mut said) {
            // It may say why before it closes.
            Ok(1..) => {}
            Ok(0) => return false,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
            Err(_) => return false,
        }
    }
    connection.write_all(b"x").is_ok()
}
