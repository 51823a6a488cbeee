//! Grants to a component, and their text form such as `tcp=127.0.0.1:8125`.

use std::str::FromStr;

use crate::dir::Dir;

/// A capability that is granted to a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    /// An environment variable and its value.
    Env(String, String),
    /// A directory.
    Dir(Dir),
    /// TCP connections to this address.
    Tcp(std::net::SocketAddr),
    /// UDP datagrams to this address.
    Udp(std::net::SocketAddr),
    /// HTTP requests to this authority: `HOST` or `HOST:PORT`.
    Http(String),
    /// A network without reachable addresses.
    NoNetwork,
    /// The output of the component is shown.
    Output,
}

impl FromStr for Grant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (what, value) = text.split_once('=').unwrap_or((text, ""));
        let address = || {
            value
                .parse()
                .map_err(|_| format!("invalid address {value:?}; write an IP address and a port, for example 127.0.0.1:8125"))
        };
        match what {
            "env" => match value.split_once('=') {
                Some((key, value)) if !key.is_empty() => Ok(Self::Env(key.into(), value.into())),
                _ => Err("expected env=NAME=VALUE".into()),
            },
            "dir" => Ok(Self::Dir(value.parse().map_err(str::to_owned)?)),
            "tcp" => Ok(Self::Tcp(address()?)),
            "udp" => Ok(Self::Udp(address()?)),
            "http" if !value.is_empty() => Ok(Self::Http(value.into())),
            "network" if value == "none" => Ok(Self::NoNetwork),
            "output" if text == "output" => Ok(Self::Output),
            _ => Err(
                "expected env=NAME=VALUE, dir=HOST[::GUEST][:rw], tcp=ADDRESS, udp=ADDRESS, http=HOST[:PORT], network=none or output"
                    .into(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_grants_are_rejected() {
        for text in [
            "",
            "env",
            "env=A",
            "env==1",
            "udp=localhost:1",
            "tcp=1",
            "net",
            "network",
            "network=all",
            "output=1",
        ] {
            assert!(text.parse::<Grant>().is_err(), "{text}");
        }
        for text in [
            "env=A=",
            "dir=out::/out:rw",
            "http=localhost:4318",
            "tcp=[::1]:1",
            "network=none",
        ] {
            assert!(text.parse::<Grant>().is_ok(), "{text}");
        }
    }
}
