//! Validation of a server's address.

use super::StatsdError;

/// Checks that the address is `HOST:PORT`. The host is looked up when records are sent,
/// because its name can become known later.
pub(super) fn check(address: &str) -> Result<(), StatsdError> {
    let reason = match address.rsplit_once(':') {
        None => "it has no port",
        Some(("" | "[]", _)) => "it has no host",
        Some((_, port)) if !matches!(port.parse::<u16>(), Ok(1..)) => {
            "its port must be from 1 to 65535"
        }
        Some((host, _)) if !is_host(host) => "its host is not a name or an IP address",
        Some(_) => return Ok(()),
    };
    Err(StatsdError::Address {
        address: address.to_owned(),
        reason,
    })
}

/// Maximum bytes of a name, by RFC 1035.
const LONGEST: usize = 253;

fn is_host(host: &str) -> bool {
    match host.strip_prefix('[') {
        // The system defines the name of a link-local address's zone.
        Some(rest) => rest.strip_suffix(']').is_some_and(|address| {
            let address = address.split_once('%').map_or(address, |(it, _)| it);
            address.parse::<std::net::Ipv6Addr>().is_ok()
        }),
        None => {
            let allowed = |c: char| !(c.is_whitespace() || c.is_control() || "[]:/@?#".contains(c));
            host.len() <= LONGEST && host.chars().all(allowed)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_and_a_port_are_an_address() {
        for address in [
            "statsd:8125",
            "127.0.0.1:1",
            "[::1]:8125",
            "[fe80::1%eth0]:65535",
        ] {
            assert!(check(address).is_ok(), "{address}");
        }
    }

    #[test]
    fn an_invalid_address_is_rejected_with_the_reason() {
        let long = format!("{}:1", "a".repeat(254));
        for (address, reason) in [
            ("", "it has no port"),
            ("statsd", "it has no port"),
            ("127.0.0.1", "it has no port"),
            (":8125", "it has no host"),
            ("[]:8125", "it has no host"),
            ("127.0.0.1:65536", "its port must be from 1 to 65535"),
            ("statsd:0", "its port must be from 1 to 65535"),
            ("statsd:", "its port must be from 1 to 65535"),
            ("a\nb:1", "its host is not a name or an IP address"),
            ("a b:1", "its host is not a name or an IP address"),
            ("::1:8125", "its host is not a name or an IP address"),
            ("[statsd]:1", "its host is not a name or an IP address"),
            (
                "udp://statsd:8125",
                "its host is not a name or an IP address",
            ),
            (&long, "its host is not a name or an IP address"),
        ] {
            let said =
                check(address).map_or_else(|error| error.to_string(), |()| "none".to_owned());
            let expected =
                format!("invalid statsd address {address:?}: {reason}; it must be HOST:PORT");
            assert_eq!(said, expected);
        }
    }
}
