use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::time::{Duration, Instant};

use super::{StatsdError, StatsdMetrics};

/// A socket that takes no datagram for so long fails to take it.
const SEND_WITHIN: Duration = Duration::from_secs(1);

/// Where datagrams go.
pub(super) struct Target {
    name: String,
    look_up: LookUp,
    looked_up: Instant,
    look_up_every: Duration,
    /// What the socket sends to.
    address: SocketAddr,
    socket: UdpSocket,
    /// The last send has failed.
    failed: bool,
}

/// Who knows the addresses of a name.
type LookUp = Box<dyn Fn(&str) -> io::Result<Vec<SocketAddr>> + Send>;

impl Target {
    pub(super) fn new(name: String) -> Result<Self, StatsdError> {
        let look_up = |name: &str| Ok(name.to_socket_addrs()?.collect());
        Self::with(name, StatsdMetrics::LOOK_UP_EVERY, Box::new(look_up))
    }

    fn with(name: String, look_up_every: Duration, look_up: LookUp) -> Result<Self, StatsdError> {
        let addresses = match look_up(&name) {
            Ok(addresses) if addresses.is_empty() => {
                return Err(StatsdError::NoAddress { address: name });
            }
            Ok(addresses) => addresses,
            Err(source) => {
                let address = name;
                return Err(StatsdError::Resolve { address, source });
            }
        };
        match connected(&addresses) {
            Ok((address, socket)) => Ok(Self {
                name,
                look_up,
                looked_up: Instant::now(),
                look_up_every,
                address,
                socket,
                failed: false,
            }),
            Err(source) => {
                let address = name;
                Err(StatsdError::Unreachable { address, source })
            }
        }
    }

    /// What a name is looked up for. It may take as long as the system likes.
    ///
    /// # Errors
    ///
    /// When that fails; then the address stays what it was.
    pub(super) fn renew(&mut self) -> io::Result<()> {
        if !self.failed || self.looked_up.elapsed() < self.look_up_every {
            return Ok(());
        }
        self.looked_up = Instant::now();
        let addresses = (self.look_up)(&self.name)?;
        // One that is still among them may only have been away for a while; but its
        // socket may be bound to an address that this machine no longer has.
        let still = addresses.contains(&self.address);
        let wanted = if still { vec![self.address] } else { addresses };
        (self.address, self.socket) = connected(&wanted)?;
        Ok(())
    }

    pub(super) fn send(&mut self, datagram: &str) -> io::Result<()> {
        let sent = self.socket.send(datagram.as_bytes());
        self.failed = sent.is_err();
        sent.map(drop)
    }
}

/// A socket that sends to the first address that one can send to, and hears it if
/// nobody listens there.
fn connected(addresses: &[SocketAddr]) -> io::Result<(SocketAddr, UdpSocket)> {
    let mut why = io::Error::other("the name has no address");
    for &address in addresses {
        match connect(address) {
            Ok(socket) => return Ok((address, socket)),
            Err(error) => why = error,
        }
    }
    Err(why)
}

fn connect(address: SocketAddr) -> io::Result<UdpSocket> {
    let here: SocketAddr = match address {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(here)?;
    socket.set_write_timeout(Some(SEND_WITHIN))?;
    socket.connect(address)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex, PoisonError};

    use super::*;

    #[test]
    fn what_is_no_address_is_refused_with_what_it_must_be() {
        for address in ["", "statsd", "127.0.0.1", "127.0.0.1:65536", "a\nb:1"] {
            let error = Target::new(address.to_owned()).err();
            let said = error.map(|error| error.to_string()).unwrap_or_default();
            let expected =
                format!("cannot find the statsd server {address:?}, which must be HOST:PORT");
            assert_eq!(said, expected);
        }
    }

    #[test]
    fn a_name_without_an_address_is_refused() {
        let none = Target::with("statsd:1".into(), Duration::ZERO, Box::new(|_| Ok(vec![])));
        assert!(matches!(none.err(), Some(StatsdError::NoAddress { .. })));
    }

    #[test]
    fn an_address_that_nobody_may_send_to_is_refused() {
        let error = Target::new("255.255.255.255:8125".to_owned()).err();
        assert!(matches!(error, Some(StatsdError::Unreachable { .. })));
    }

    /// Where nobody listens while this is kept: it hears itself alone, and who sends
    /// there is refused.
    fn nobody() -> io::Result<(UdpSocket, SocketAddr)> {
        let kept = UdpSocket::bind("127.0.0.1:0")?;
        let address = kept.local_addr()?;
        kept.connect(address)?;
        Ok((kept, address))
    }

    #[test]
    fn after_a_failure_it_goes_where_the_name_has_moved() -> Result<(), Box<dyn std::error::Error>>
    {
        let (_kept, nobody) = nobody()?;
        let server = UdpSocket::bind("127.0.0.1:0")?;
        server.set_read_timeout(Some(Duration::from_secs(30)))?;
        let known = Arc::new(Mutex::new(Ok(nobody)));
        let dns = Arc::clone(&known);
        let look_up = move |_: &str| match &*dns.lock().unwrap_or_else(PoisonError::into_inner) {
            Ok(address) => Ok(vec![*address]),
            Err(()) => Err(io::Error::other("no name server")),
        };
        let mut target = Target::with("statsd:8125".into(), Duration::ZERO, Box::new(look_up))?;
        let moved = |to| *known.lock().unwrap_or_else(PoisonError::into_inner) = to;

        // Without a failure nobody looks.
        moved(Err(()));
        target.renew()?;
        while target.send("lost").is_ok() {}
        assert!(target.renew().is_err());
        moved(Ok(server.local_addr()?));
        target.renew()?;
        target.send("found")?;
        let mut datagram = [0; 16];
        let length = server.recv(&mut datagram)?;
        assert_eq!(&datagram[..length], b"found");
        Ok(())
    }

    #[test]
    fn a_name_is_not_looked_up_again_before_its_time() -> Result<(), Box<dyn std::error::Error>> {
        let (_kept, nobody) = nobody()?;
        let asked = Arc::new(Mutex::new(0));
        let count = Arc::clone(&asked);
        let look_up = move |_: &str| {
            *count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            Ok(vec![nobody])
        };
        let hour = Duration::from_secs(3600);
        let mut target = Target::with("statsd:8125".into(), hour, Box::new(look_up))?;
        while target.send("lost").is_ok() {}
        target.renew()?;
        assert_eq!(*asked.lock().unwrap_or_else(PoisonError::into_inner), 1);
        Ok(())
    }
}
