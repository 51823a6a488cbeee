use std::fmt;

/// What has to be granted for an import of the network to be of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NetworkGrant {
    /// An address that may be reached with TCP or with UDP.
    Socket,
    /// An authority that HTTP requests may be sent to.
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
