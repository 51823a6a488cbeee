//! The server of a backend: its name and its addresses.

use std::fmt::Write;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::{Duration, Instant};

use super::StatsdMetrics;
use super::link::{Link, Unsent, is_away};
use crate::exporter::Backoff;

/// Destination of datagrams: a name, whose addresses are looked up when there are records to
/// send, and again after each failure.
pub(super) struct StatsdTarget {
    name: String,
    look_up: LookUp,
    /// Addresses of the name, and the time of their look-up.
    known: Option<(Vec<SocketAddr>, Instant)>,
    link: Option<Link>,
    /// Addresses that refused a datagram, and have taken none since.
    refused: Vec<SocketAddr>,
    /// Attempts in a row in which no address took the datagram.
    failures: u32,
}

/// Function that looks up the addresses of a name.
type LookUp = Box<dyn Fn(&str) -> io::Result<Vec<SocketAddr>> + Send>;

/// Maximum number of addresses that are tried.
const ADDRESSES: usize = 16;

/// Reason why no server has a datagram.
#[derive(Debug)]
pub(super) enum NotSent {
    /// The datagram is lost, or too large for the network: it must not be sent again.
    Lost(io::Error),
    /// No address took the datagram: it can be sent later.
    Waits(String),
}

impl StatsdTarget {
    pub(super) fn new(name: String) -> Self {
        let look_up = |name: &str| Ok(name.to_socket_addrs()?.collect());
        Self::with(name, Box::new(look_up))
    }

    fn with(name: String, look_up: LookUp) -> Self {
        Self {
            name,
            look_up,
            known: None,
            link: None,
            refused: Vec::new(),
            failures: 0,
        }
    }

    /// Sends a datagram once: to the address in use, or else to the first that takes it. The
    /// call can take as long as the system's look-up of the name.
    pub(super) fn send(&mut self, datagram: &[u8]) -> Result<(), NotSent> {
        let mut why = String::new();
        let mut last = None;
        if let Some(link) = &mut self.link {
            match link.send(datagram) {
                Ok(()) => {
                    self.sent(None);
                    return Ok(());
                }
                Err(Unsent::Lost(error)) => {
                    if is_away(&error) {
                        self.leave();
                    }
                    return Err(NotSent::Lost(error));
                }
                Err(Unsent::Waits(error)) => {
                    last = self.leave();
                    note(&mut why, last, &error);
                }
            }
        }
        for address in self.candidates(last, &mut why) {
            // A refusal takes a while to arrive. The link waits for it if a refusal is
            // likely, or if another address could take the datagram.
            let patient = self.refused.contains(&address) || self.has_others();
            match Link::open(address, patient).and_then(|link| link.first(datagram)) {
                Ok(link) => {
                    self.sent(Some(link));
                    return Ok(());
                }
                Err(Unsent::Lost(error)) => return Err(NotSent::Lost(error)),
                Err(Unsent::Waits(error)) => {
                    self.refuses(address);
                    note(&mut why, Some(address), &error);
                }
            }
        }
        self.failures = self.failures.saturating_add(1);
        Err(NotSent::Waits(why))
    }

    /// Wait after an attempt at which no address took a datagram.
    pub(super) fn pause(&self) -> Duration {
        Backoff::new(StatsdMetrics::RETRY_AFTER, StatsdMetrics::LOOK_UP_INTERVAL)
            .after(self.failures)
    }

    fn sent(&mut self, link: Option<Link>) {
        self.failures = 0;
        if let Some(link) = link {
            self.refused.retain(|address| *address != link.address());
            self.link = Some(link);
        }
    }

    fn has_others(&self) -> bool {
        let known = self.known.as_ref();
        known.is_some_and(|(addresses, _)| addresses.len() > 1)
    }

    /// Closes the link to the address in use, which has failed.
    fn leave(&mut self) -> Option<SocketAddr> {
        let address = self.link.take()?.address();
        self.refuses(address);
        Some(address)
    }

    fn refuses(&mut self, address: SocketAddr) {
        if !self.refused.contains(&address) {
            self.refused.truncate(ADDRESSES);
            self.refused.insert(0, address);
        }
    }

    /// The addresses to try, in order. `last`, which has just failed, is the last one.
    fn candidates(&mut self, last: Option<SocketAddr>, why: &mut String) -> Vec<SocketAddr> {
        let fresh = |at: Instant| at.elapsed() < StatsdMetrics::RETRY_AFTER;
        let known = self.known.take().filter(|(_, at)| fresh(*at));
        let (mut addresses, at) = match known {
            Some(known) => known,
            None => match (self.look_up)(&self.name) {
                Ok(addresses) => (addresses, Instant::now()),
                Err(error) => {
                    note(why, None, &error);
                    return Vec::new();
                }
            },
        };
        addresses.truncate(ADDRESSES);
        if addresses.is_empty() {
            note(why, None, &io::Error::other("the name has no address"));
        }
        if let Some(at) = addresses.iter().position(|address| Some(*address) == last) {
            addresses.rotate_left(at + 1);
        }
        self.known = Some((addresses.clone(), at));
        addresses
    }
}

fn note(why: &mut String, address: Option<SocketAddr>, error: &io::Error) {
    if !why.is_empty() {
        why.push_str("; ");
    }
    // Writing to a string does not fail.
    let _ = match address {
        Some(address) => write!(why, "{address}: {error}"),
        None => write!(why, "cannot look the server up: {error}"),
    };
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::sync::{Arc, Mutex, PoisonError};

    use super::*;

    type Outcome = Result<(), Box<dyn std::error::Error>>;

    /// An address that refuses every datagram while this socket exists: the socket receives
    /// only its own datagrams.
    fn refusing() -> io::Result<(UdpSocket, SocketAddr)> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        let address = socket.local_addr()?;
        socket.connect(address)?;
        Ok((socket, address))
    }

    fn server() -> io::Result<(UdpSocket, SocketAddr)> {
        let server = UdpSocket::bind("127.0.0.1:0")?;
        server.set_read_timeout(Some(Duration::from_secs(30)))?;
        let address = server.local_addr()?;
        Ok((server, address))
    }

    fn received(server: &UdpSocket) -> io::Result<String> {
        let mut datagram = [0; 16];
        let length = server.recv(&mut datagram)?;
        Ok(String::from_utf8_lossy(&datagram[..length]).into_owned())
    }

    /// A name whose addresses a test sets, and the number of its look-ups.
    #[derive(Clone, Default)]
    struct Name(Arc<Mutex<(Vec<SocketAddr>, u32)>>);

    impl Name {
        fn target(&self) -> StatsdTarget {
            let this = self.clone();
            let look_up = move |_: &str| {
                let mut known = this.0.lock().unwrap_or_else(PoisonError::into_inner);
                known.1 += 1;
                match &known.0[..] {
                    [] => Err(io::Error::other("no such name")),
                    addresses => Ok(addresses.to_vec()),
                }
            };
            StatsdTarget::with("statsd:8125".into(), Box::new(look_up))
        }

        fn is(&self, addresses: &[SocketAddr]) {
            let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            known.0 = addresses.to_vec();
        }

        fn looked_up(&self) -> u32 {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).1
        }
    }

    /// The reason why a datagram waits.
    fn waits(sent: Result<(), NotSent>) -> String {
        match sent {
            Err(NotSent::Waits(why)) => why,
            other => format!("no wait: {other:?}"),
        }
    }

    #[test]
    fn a_name_that_is_not_known_yet_is_waited_for() -> Outcome {
        let name = Name::default();
        let mut target = name.target();
        for _ in 0..3 {
            let why = waits(target.send(b"waits"));
            assert_eq!(why, "cannot look the server up: no such name");
        }
        let (server, address) = server()?;
        name.is(&[address]);
        assert!(target.send(b"waits").is_ok());
        assert_eq!(received(&server)?, "waits");
        Ok(())
    }

    #[test]
    fn an_address_that_refuses_is_left_for_the_next_without_a_loss() -> Outcome {
        let (_socket, first) = refusing()?;
        let (server, second) = server()?;
        let name = Name::default();
        name.is(&[first, second]);
        let mut target = name.target();
        for _ in 0..3 {
            assert!(target.send(b"arrives").is_ok());
            assert_eq!(received(&server)?, "arrives");
        }
        // An address that takes datagrams is not looked up again.
        assert_eq!(name.looked_up(), 1);
        Ok(())
    }

    #[test]
    fn no_datagram_to_addresses_that_refuse_counts_as_sent() -> Outcome {
        let ((_one, first), (_other, second)) = (refusing()?, refusing()?);
        let name = Name::default();
        name.is(&[first, second]);
        let mut target = name.target();
        for _ in 0..3 {
            let why = waits(target.send(b"waits"));
            assert!(why.contains(&format!("{first}: ")), "{why}");
            assert!(why.contains(&format!("{second}: ")), "{why}");
        }
        Ok(())
    }

    #[test]
    fn a_server_that_goes_away_is_left_for_the_other_address() -> Outcome {
        let ((gone, first), (server, second)) = (server()?, server()?);
        let name = Name::default();
        name.is(&[first, second]);
        let mut target = name.target();
        assert!(target.send(b"one").is_ok());
        assert_eq!(received(&gone)?, "one");
        drop(gone);
        // The datagram that detects the failure is lost, or waits and is sent to the other
        // address.
        let mut lost = 0;
        while let Err(error) = target.send(b"two") {
            lost += 1;
            assert!(lost < 3, "{error:?}");
        }
        assert_eq!(received(&server)?, "two");
        Ok(())
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_start_over_after_a_success() -> Outcome {
        let name = Name::default();
        let mut target = name.target();
        let mut pauses = Vec::new();
        for _ in 0..6 {
            waits(target.send(b"waits"));
            pauses.push(target.pause().as_secs());
        }
        assert_eq!(pauses, [1, 2, 4, 8, 10, 10]);
        target.failures = u32::MAX;
        assert_eq!(target.pause(), StatsdMetrics::LOOK_UP_INTERVAL);
        let (_server, address) = server()?;
        name.is(&[address]);
        assert!(target.send(b"sent").is_ok());
        assert_eq!(target.failures, 0);
        Ok(())
    }

    #[test]
    fn a_datagram_that_is_too_large_is_lost_and_does_not_delay_others() -> Outcome {
        let (server, address) = server()?;
        let name = Name::default();
        name.is(&[address]);
        let mut target = name.target();
        let huge = vec![b'a'; 70_000];
        for _ in 0..2 {
            assert!(matches!(target.send(&huge), Err(NotSent::Lost(_))));
            assert!(target.send(b"small").is_ok());
            assert_eq!(received(&server)?, "small");
        }
        Ok(())
    }

    #[test]
    fn the_addresses_of_a_name_are_bounded() -> Outcome {
        let (_socket, address) = refusing()?;
        let name = Name::default();
        name.is(&vec![address; 10_000]);
        let mut target = name.target();
        let why = waits(target.send(b"waits"));
        assert_eq!(why.matches("; ").count(), ADDRESSES - 1);
        Ok(())
    }
}
