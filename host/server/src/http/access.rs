//! The bearer token, and who may read pages.

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

/// A shorter token, in bytes, could be guessed.
const SHORTEST: usize = 16;

/// A longer one, in bytes, is some other file.
const LONGEST: u64 = 4 << 10;

/// Where Docker and Podman put the secrets of a container, for everybody in it to read.
const SECRETS: &str = "/run/secrets";

/// Who may read what is not open to everybody.
#[derive(Debug, Default)]
pub struct Access {
    /// Without one, whoever reaches the address.
    pub token: Option<Token>,
    /// Names, besides those of this machine, that it is asked for by: through a proxy,
    /// say. They matter where only this machine reaches it and no token is needed.
    pub hosts: Vec<HostName>,
}

impl Access {
    /// What to tell whoever chose this address.
    pub fn warning(&self, address: SocketAddr) -> Option<String> {
        let loopback = address.ip().to_canonical().is_loopback();
        (!loopback && self.token.is_none()).then(|| {
            format!("{address} can be reached by other machines, and needs no token: everybody there reads what is served; set a token, or listen on 127.0.0.1")
        })
    }

    pub(super) const fn needs_token(&self) -> bool {
        self.token.is_some()
    }

    pub(super) fn allows(&self, headers: &HeaderMap) -> bool {
        self.token.as_ref().is_none_or(|token| token.is_in(headers))
    }
}

/// A secret that a client has to know.
pub struct Token {
    /// Comparing these takes the same time wherever they differ.
    hash: blake3::Hash,
}

impl Token {
    /// Reads it from a file, without the white space around it.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, when everybody can read it whose mode can be
    /// changed here, or when it holds no token.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let file = || path.to_owned();
        let read = || {
            let file = open_file(path)?;
            let mode = file.metadata()?.permissions().mode();
            // Containers have their secrets in such a mount, of a mode that whoever made
            // the mount has chosen, and that nobody can change from within.
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

    /// Or what is wrong with it.
    fn new(token: &str) -> Result<Self, String> {
        if token.len() < SHORTEST || token.len() as u64 > LONGEST {
            return Err(format!(
                "a token has {SHORTEST} to {LONGEST} bytes, this one has {}",
                token.len()
            ));
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            let what =
                "a token is one word of visible ASCII characters, since it is sent in a header";
            return Err(what.into());
        }
        Ok(Self {
            hash: blake3::hash(token.as_bytes()),
        })
    }

    /// RFC 6750, 2.1. Two of these headers are no request of a client that means
    /// well.
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

/// Whether everybody can read a secret, and whoever runs this can change that. A group may
/// read it: that is how secrets get to a user who does not own them.
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
