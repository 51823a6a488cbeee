use std::fmt;

/// A grant that an import of the network needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NetworkGrant {
    /// An address that can be reached with TCP or UDP.
    Socket,
    /// An authority to which HTTP requests can be sent.
    Http,
}

impl fmt::Display for NetworkGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Socket => "an address for TCP or UDP",
            Self::Http => "the authority of an HTTP server",
        })
    }
}
