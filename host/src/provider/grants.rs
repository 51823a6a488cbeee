use std::net::SocketAddr;
use std::path::PathBuf;

use crate::component::{Interface, NetworkGrant};
use crate::wasi::Access;

/// What a provider may use beyond its own memory. Nothing unless granted: no
/// environment, no file, no network. It has a clock and randomness, which every
/// language's start-up asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Grants {
    /// Environment variables.
    pub env: Vec<(String, String)>,
    /// Directories: on the host, as the provider sees them, and what it may do.
    pub dirs: Vec<(PathBuf, String, Access)>,
    /// Addresses that it may connect to with TCP.
    pub tcp: Vec<SocketAddr>,
    /// Addresses that it may send UDP datagrams to.
    pub udp: Vec<SocketAddr>,
    /// Authorities (`host:port`) that it may send HTTP requests to.
    pub http: Vec<String>,
    /// Whether it may import what it is not granted of the network. All that it tries
    /// there is then refused.
    pub no_network: bool,
}

impl Grants {
    /// Nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an environment variable. A name that is added twice is there twice, and the
    /// provider's language decides which of the values it finds.
    #[must_use]
    pub fn env(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push((key.into(), value.into()));
        self
    }

    /// Grants a directory of the host, under the name `guest`.
    #[must_use]
    pub fn dir(
        mut self,
        host: impl Into<PathBuf>,
        guest: impl Into<String>,
        access: Access,
    ) -> Self {
        self.dirs.push((host.into(), guest.into(), access));
        self
    }

    /// Grants TCP connections to this address, and to no other.
    #[must_use]
    pub fn tcp(mut self, address: SocketAddr) -> Self {
        self.tcp.push(address);
        self
    }

    /// Grants UDP datagrams to this address, and to no other.
    #[must_use]
    pub fn udp(mut self, address: SocketAddr) -> Self {
        self.udp.push(address);
        self
    }

    /// Grants HTTP requests to this authority (`host:port`, or `host` for the
    /// scheme's own port), and to no other. Needs the feature `wasi-http`.
    #[must_use]
    pub fn http(mut self, authority: impl Into<String>) -> Self {
        self.http.push(authority.into());
        self
    }

    /// Lets it import the network, without any address in it. Some languages import
    /// that in every program, as Python does. Addresses that are granted stay
    /// granted. Other imports of the network are allowed, and every call of them is refused.
    #[must_use]
    pub fn no_network(mut self) -> Self {
        self.no_network = true;
        self
    }

    /// What would have to be granted for this import to be of use, if it is not.
    /// Files and the environment are no such import: every program has them, and
    /// finds them empty.
    pub(super) fn missing_for(&self, import: &Interface) -> Option<NetworkGrant> {
        if self.no_network {
            return None;
        }
        let path = import.path();
        if path.starts_with("wasi:sockets/") && self.tcp.is_empty() && self.udp.is_empty() {
            return Some(NetworkGrant::Socket);
        }
        if path.starts_with("wasi:http/") && self.http.is_empty() {
            return Some(NetworkGrant::Http);
        }
        None
    }
}
