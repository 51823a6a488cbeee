//! Grants of a provider.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::component::{Interface, NetworkGrant};
use crate::wasi::Access;

/// Resources that a provider may use beyond its own memory. The default is none: no environment, no
/// file, no network. A provider always has a clock and randomness, which every language needs at
/// start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Grants {
    /// Environment variables.
    pub env: Vec<(String, String)>,
    /// Directories: the path on the host, the path that the provider sees, and the access.
    pub dirs: Vec<(PathBuf, String, Access)>,
    /// Addresses to which the provider may connect with TCP.
    pub tcp: Vec<SocketAddr>,
    /// Addresses to which the provider may send UDP datagrams.
    pub udp: Vec<SocketAddr>,
    /// Authorities (`host:port`) to which the provider may send HTTP requests.
    pub http: Vec<String>,
    /// Whether the provider may import network interfaces that are not granted. The host then
    /// refuses every call of them.
    pub no_network: bool,
}

impl Grants {
    /// No grants.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an environment variable. A name that is added twice is passed twice, and the provider's
    /// language decides which value it reads.
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

    /// Grants HTTP requests to this authority (`host:port`, or `host` for the default port of the
    /// scheme), and to no other. Needs the feature `wasi-http`.
    #[must_use]
    pub fn http(mut self, authority: impl Into<String>) -> Self {
        self.http.push(authority.into());
        self
    }

    /// Allows imports of the network without any address. Some languages, such as Python, import
    /// the network in every program. Granted addresses stay granted. Other imports of the network
    /// are allowed, and the host refuses every call of them.
    #[must_use]
    pub fn no_network(mut self) -> Self {
        self.no_network = true;
        self
    }

    /// The missing grant without which this import has no use. Files and the environment need none:
    /// every program imports them, and finds them empty.
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
