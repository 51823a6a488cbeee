//! The bearer token and the host names that give access to pages.

use std::fmt;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use rustix::fs::{StatVfsMountFlags, fstatvfs};
use solti_metrics_host::file::{open_file, read_opened};

use crate::error::Error;

use super::HostName;

/// Minimum length of a token, in bytes. A shorter token could be guessed.
const SHORTEST: usize = 16;

/// Maximum length of a token, in bytes. A longer text is another file.
const LONGEST: u64 = 4 << 10;

/// Folder in which Docker and Podman put the secrets of a container, readable by all
/// users.
const SECRETS: &str = "/run/secrets";

/// Access to pages that are not public.
#[derive(Debug, Default)]
pub struct HttpAccess {
    /// Token that clients must send. Without a token, all clients that reach the address
    /// have access.
    pub token: Option<Token>,
    /// Host names that requests may have in addition to the names of this machine, such
    /// as the name of a proxy. Checked only if the address is a loopback address and
    /// there is no token.
    pub hosts: Vec<HostName>,
}

impl HttpAccess {
    /// Warning for the user who chose this address.
    pub fn warning(&self, address: SocketAddr) -> Option<String> {
        let loopback = address.ip().to_canonical().is_loopback();
        (!loopback && self.token.is_none()).then(|| {
            format!("other machines can reach {address} and read the metrics without a token; set a token, or listen on 127.0.0.1")
        })
    }

    pub(super) const fn needs_token(&self) -> bool {
        self.token.is_some()
    }

    pub(super) fn allows(&self, headers: &HeaderMap) -> bool {
        self.token.as_ref().is_none_or(|token| token.is_in(headers))
    }
}

/// A secret that a client must send.
pub struct Token {
    /// The comparison of hashes takes the same time wherever they differ.
    hash: blake3::Hash,
}

impl Token {
    /// Reads the token from a file, without surrounding white space.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, is readable by all users although its mode can be
    /// changed here, or does not contain a token.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let file = || path.to_owned();
        let read = || {
            let file = open_file(path)?;
            let mode = file.metadata()?.permissions().mode();
            // Containers have secrets in read-only mounts. The creator of the mount chose
            // the mode, and no user can change it from within.
            let is_mounted = fstatvfs(&file)?.f_flag.contains(StatVfsMountFlags::RDONLY);
            let bytes = read_opened(&file, LONGEST)?;
            std::io::Result::Ok((mode, is_mounted, bytes))
        };
        let unread = |source| Error::Token {
            file: file(),
            source,
        };
        let (mode, is_mounted, bytes) = read().map_err(unread)?;
        if is_open(mode, is_mounted, path) {
            return Err(Error::TokenExposed { file: file() });
        }
        let text = String::from_utf8_lossy(&bytes);
        let wrong = |reason| Error::NotAToken {
            file: file(),
            reason,
        };
        Self::new(text.trim()).map_err(wrong)
    }

    /// Returns a message if the text is not a token.
    fn new(token: &str) -> Result<Self, String> {
        if token.len() < SHORTEST || token.len() as u64 > LONGEST {
            return Err(format!(
                "its length is {}; a token has {SHORTEST} to {LONGEST} bytes",
                token.len()
            ));
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            let what = "a token must be one word of visible ASCII characters, because it is sent in a header";
            return Err(what.into());
        }
        Ok(Self {
            hash: blake3::hash(token.as_bytes()),
        })
    }

    /// RFC 6750, 2.1. A request with two of these headers is rejected.
    fn is_in(&self, headers: &HeaderMap) -> bool {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return false;
        };
        let Some((scheme, token)) = value.to_str().ok().and_then(|it| it.split_once(' ')) else {
            return false;
        };
        scheme.eq_ignore_ascii_case("bearer") && blake3::hash(token.trim().as_bytes()) == self.hash
    }
}

/// Whether all users can read a secret, and the user of the runner can change that. A
/// group may read a secret: this gives secrets to a user who does not own them.
fn is_open(mode: u32, is_mounted: bool, path: &Path) -> bool {
    mode & 0o007 != 0 && !is_mounted && !path.starts_with(SECRETS)
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_of_a_container_may_have_the_mode_that_it_came_with() {
        let token = Path::new("/etc/solti-metrics/token");
        for (mode, is_mounted, path, open) in [
            (0o444, false, token, true),
            (0o440, false, token, false),
            (0o444, true, token, false),
            (0o444, false, Path::new("/run/secrets/token"), false),
            (
                0o444,
                false,
                Path::new("/run/secrets-of-others/token"),
                true,
            ),
        ] {
            assert_eq!(is_open(mode, is_mounted, path), open, "{mode:o} {path:?}");
        }
    }
}
