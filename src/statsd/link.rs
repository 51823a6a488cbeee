use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

/// A socket that takes no datagram for so long fails to take it.
const SEND_WITHIN: Duration = Duration::from_secs(1);

/// How long a refusal may take to come back, where one is to be expected.
const REFUSED_WITHIN: Duration = Duration::from_millis(250);

/// The same on this machine, where it comes back before the send returns, unless the
/// machine is busy.
const REFUSED_HERE_WITHIN: Duration = Duration::from_millis(5);

/// A socket that sends to one address, and hears it if no server listens there.
#[derive(Debug)]
pub(super) struct Link {
    socket: UdpSocket,
    address: SocketAddr,
    /// Waits after the first datagram for a refusal.
    patience: Duration,
}

/// Why a datagram was not sent.
#[derive(Debug)]
pub(super) enum Unsent {
    /// It is lost, or must not be sent again.
    Lost(io::Error),
    /// No server has it, and it may be sent again.
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

    /// Sends the first datagram. A refusal can only be of this one, so it may be sent
    /// elsewhere then.
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

    /// Sends another one.
    pub(super) fn send(&mut self, datagram: &[u8]) -> Result<(), Unsent> {
        // It is of an earlier one, and this one is not sent yet.
        if let Some(error) = self.socket.take_error().map_err(Unsent::Waits)? {
            return Err(Unsent::Waits(error));
        }
        self.give(datagram)?;
        match self.socket.take_error() {
            Ok(None) => Ok(()),
            // Of this one or of an earlier one: a server may have this one.
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
        // What a server says is not read.
        match self.socket.recv(&mut [0]) {
            Err(error) if is_away(&error) => Some(error),
            _ => None,
        }
    }
}

/// Whether the address cannot be reached, whatever is sent.
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
