use std::fmt;
use std::fs::File;
use std::io::Read;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, bail};
use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;

use super::HostName;

/// A shorter token, in bytes, could be guessed.
const SHORTEST: usize = 16;

/// A longer one, in bytes, is some other file.
const LONGEST: u64 = 4 << 10;

/// Who may read what is not open to everybody.
#[derive(Debug, Default)]
pub(crate) struct Access {
    /// Without one, whoever reaches the address.
    pub(crate) token: Option<Token>,
    /// Names, besides those of this machine, that it is asked for by: through a proxy,
    /// say. They matter where only this machine reaches it and no token is needed.
    pub(crate) hosts: Vec<HostName>,
}

impl Access {
    /// What to tell whoever chose this address.
    pub(crate) fn warning(&self, address: SocketAddr) -> Option<String> {
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
pub(crate) struct Token {
    /// Comparing these takes the same time wherever they differ.
    hash: blake3::Hash,
}

impl Token {
    /// Reads it from a file, without the white space around it.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, when everybody can read it, or
    /// when it holds no token.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let read = || {
            let file = File::open(path)?;
            let mode = file.metadata()?.permissions().mode();
            let mut text = String::new();
            file.take(LONGEST + 1).read_to_string(&mut text)?;
            std::io::Result::Ok((mode, text))
        };
        let (mode, text) = read().with_context(|| format!("cannot read the token in {shown}"))?;
        // A group may: that is how secrets get to a user who does not own them.
        if mode & 0o007 != 0 {
            bail!("everybody can read the token in {shown}: run chmod o= {shown}");
        }
        Self::new(text.trim()).with_context(|| format!("there is no token in {shown}"))
    }

    fn new(token: &str) -> anyhow::Result<Self> {
        if token.len() < SHORTEST || token.len() as u64 > LONGEST {
            bail!(
                "a token has {SHORTEST} to {LONGEST} bytes, this one has {}",
                token.len()
            );
        }
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            bail!("a token is one word of visible ASCII characters, since it is sent in a header");
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

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}
