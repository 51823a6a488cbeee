//! A socket to one address.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

/// Timeout of a send.
const SEND_WITHIN: Duration = Duration::from_secs(1);

/// Time to wait for a refusal where a refusal is likely.
const REFUSED_WITHIN: Duration = Duration::from_millis(250);

/// Time to wait for a refusal from the local machine. Such a refusal comes before the send
/// returns, unless the machine is busy.
const REFUSED_HERE_WITHIN: Duration = Duration::from_millis(5);

/// A socket that sends to one address, and detects that no server listens there.
#[derive(Debug)]
pub(super) struct Link {
    socket: UdpSocket,
    address: SocketAddr,
    /// Time to wait for a refusal of the first datagram.
    patience: Duration,
}

/// Reason why a datagram was not sent.
#[derive(Debug)]
pub(super) enum Unsent {
    /// The datagram is lost, or must not be sent again.
    Lost(io::Error),
    /// No server has the datagram, and it can be sent again.
    Waits(io::Error),
}

impl Link {
    pub(super) fn open(address: SocketAddr, patient: bool) -> Result<Self, Unsent> {
        let socket = connected(address).map_err(Unsent::Waits)?;
        let patience = match (patient, address.ip().is_loopback()) {
            (true, _) => REFUSED_WITHIN,
            (false, true) => REFUSED_HERE_WITHIN,
            (false, false) => Duration::ZERO,
        };
        Ok(Self {
            socket,
            address,
            patience,
        })
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends the first datagram. A refusal can only refer to this datagram, which can then be
    /// sent to another address.
    pub(super) fn first(self, datagram: &[u8]) -> Result<Self, Unsent> {
        self.give(datagram)?;
        let refusal = if self.patience.is_zero() {
            self.socket.take_error().map_err(Unsent::Waits)?
        } else {
            self.wait_for_refusal()
        };
        match refusal {
            None => Ok(self),
            Some(error) => Err(Unsent::Waits(error)),
        }
    }

    /// Sends a later datagram.
    pub(super) fn send(&mut self, datagram: &[u8]) -> Result<(), Unsent> {
        // The error refers to an earlier datagram, and this one is not sent yet.
        if let Some(error) = self.socket.take_error().map_err(Unsent::Waits)? {
            return Err(Unsent::Waits(error));
        }
        self.give(datagram)?;
        match self.socket.take_error() {
            Ok(None) => Ok(()),
            // The error refers to this datagram or to an earlier one: a server may have this
            // one.
            Ok(Some(error)) | Err(error) => Err(Unsent::Lost(error)),
        }
    }

    fn give(&self, datagram: &[u8]) -> Result<(), Unsent> {
        match self.socket.send(datagram) {
            Ok(_) => Ok(()),
            Err(error) if is_away(&error) => Err(Unsent::Waits(error)),
            Err(error) => Err(Unsent::Lost(error)),
        }
    }

    fn wait_for_refusal(&self) -> Option<io::Error> {
        if let Err(error) = self.socket.set_read_timeout(Some(self.patience)) {
            return Some(error);
        }
        // The content of a server's answer is ignored.
        match self.socket.recv(&mut [0]) {
            Err(error) if is_away(&error) => Some(error),
            _ => None,
        }
    }
}

/// Whether the error means that the address cannot be reached, for every datagram.
pub(super) fn is_away(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionRefused
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown
            | ErrorKind::AddrNotAvailable
            | ErrorKind::PermissionDenied
            | ErrorKind::NotConnected
    )
}

fn connected(address: SocketAddr) -> io::Result<UdpSocket> {
    let here: SocketAddr = match address {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(here)?;
    socket.set_write_timeout(Some(SEND_WITHIN))?;
    socket.connect(address)?;
    Ok(socket)
}
