//! Host names that requests may use, against DNS rebinding.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::net::Ipv6Addr;
use std::str::FromStr;

use hyper::header::HOST;
use hyper::{HeaderMap, Uri};
use percent_encoding::percent_decode_str;

/// Names that always mean this machine (RFC 6761, 6.3, and `/etc/hosts` of
/// distributions). Names without a dot are accepted anyway.
const LOCAL: [&str; 3] = [
    "localhost.localdomain",
    "localhost4.localdomain4",
    "localhost6.localdomain6",
];

/// Maximum bytes of `/etc/hosts` that are read: some block lists are long.
const HOSTS_FILE: u64 = 1 << 20;

/// A host name, in lower case and without the dot at its end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostName(String);

impl FromStr for HostName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let may_be = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        let is_label = |it: &str| (1..=63).contains(&it.len()) && it.bytes().all(may_be);
        if name.len() <= 253 && name.split('.').all(is_label) {
            Ok(Self(name))
        } else {
            Err("write a host name without scheme, port or path, for example metrics.example.com")
        }
    }
}

impl HostName {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Reason why a request is not for this server.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Misdirected {
    /// The request does not name a host.
    Unclear,
    /// The request has a public DNS name that is not a known name of this server.
    Elsewhere(HostName),
}

/// The names of a server that only this machine reaches.
///
/// A browser on this machine could otherwise read pages for the owner of any DNS name
/// that points to this machine (DNS rebinding). IP addresses need no DNS, and names
/// without a dot are not in the public DNS.
#[derive(Debug)]
pub(super) struct ServerNames(BTreeSet<String>);

impl ServerNames {
    /// Collects the names of this machine and the names of the operator.
    pub(super) fn new(listed: &[HostName]) -> Self {
        let mut names: BTreeSet<_> = LOCAL.into_iter().map(Into::into).collect();
        names.extend(listed.iter().map(|name| name.0.clone()));
        let read = |path| {
            let mut text = String::new();
            let file = File::open(path).ok()?;
            file.take(HOSTS_FILE).read_to_string(&mut text).ok()?;
            Some(text)
        };
        let own = read("/proc/sys/kernel/hostname").or_else(|| read("/etc/hostname"));
        if let Some(Ok(own)) = own.map(|it| it.trim().parse::<HostName>()) {
            let aliases = read("/etc/hosts").unwrap_or_default();
            names.extend(aliases_of(&own, &aliases));
            names.insert(own.0);
        }
        Self(names)
    }

    /// Accepts a request that names the server `host`, if that is a name of the server.
    pub(super) fn accept(&self, host: &str) -> Result<(), Misdirected> {
        let Some(name) = name_in(host).ok_or(Misdirected::Unclear)? else {
            return Ok(());
        };
        let last = name.0.rsplit('.').next().unwrap_or_default();
        let here = !name.0.contains('.')
            || last == "localhost"
            || ends_an_address(last)
            || self.0.contains(&name.0);
        if here {
            Ok(())
        } else {
            Err(Misdirected::Elsewhere(name))
        }
    }
}

/// The name of the server in a request. The authority of an absolute target takes
/// precedence over the header (RFC 9112, 3.2.2). A request with two headers is invalid
/// (RFC 9112, 3.2).
pub(super) fn called<'a>(
    target: &'a Uri,
    headers: &'a HeaderMap,
) -> Result<Option<&'a str>, Misdirected> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return Err(Misdirected::Unclear);
    }
    if let Some(authority) = target.authority() {
        return Ok(Some(authority.as_str()));
    }
    let host = host.map(|host| host.to_str().map_err(|_| Misdirected::Unclear));
    Ok(host.transpose()?.filter(|host| !host.is_empty()))
}

/// The name in `host` or `host:port`, `Some(None)` for an IP address, and `None` for any
/// other text.
fn name_in(host: &str) -> Option<Option<HostName>> {
    let is_port =
        |port: &str| port.is_empty() || port.parse::<u16>().is_ok_and(|_| !port.starts_with('+'));
    if let Some((address, port)) = host.strip_prefix('[').and_then(|it| it.split_once(']')) {
        // The zone of an address is ignored.
        let (address, _) = address.split_once('%').unwrap_or((address, ""));
        let is_whole = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return (is_whole && address.parse::<Ipv6Addr>().is_ok()).then_some(None);
    }
    if host.parse::<Ipv6Addr>().is_ok() {
        return Some(None);
    }
    let (name, port) = host.split_once(':').unwrap_or((host, ""));
    // RFC 3986, 3.2.2. A remaining `%` is not part of a name.
    let name = percent_decode_str(name).decode_utf8().ok()?.parse().ok()?;
    is_port(port).then_some(Some(name))
}

/// Every browser treats a host whose last label is a number as an IPv4 address: no such
/// domain exists.
fn ends_an_address(label: &str) -> bool {
    let hex = label.strip_prefix("0x");
    label.bytes().all(|it| it.is_ascii_digit())
        || hex.is_some_and(|it| it.bytes().all(|it| it.is_ascii_hexdigit()))
}

/// All names on the lines of a hosts file that contain this name.
fn aliases_of(own: &HostName, hosts: &str) -> BTreeSet<String> {
    let mut aliases = BTreeSet::new();
    for line in hosts.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let names = line
            .split_whitespace()
            .skip(1)
            .filter_map(|it| it.parse().ok());
        let names: Vec<HostName> = names.collect();
        if names.contains(own) {
            aliases.extend(names.into_iter().map(|name| name.0));
        }
    }
    aliases
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> ServerNames {
        let listed = [
            "Metrics.Example.COM.".parse().ok(),
            "*.example".parse().ok(),
        ];
        ServerNames::new(&listed.into_iter().flatten().collect::<Vec<_>>())
    }

    #[test]
    fn a_name_of_this_machine_is_accepted_in_any_notation() {
        let names = names();
        for host in [
            "localhost",
            "LOCALHOST",
            "LocalHost:9464",
            "localhost.",
            "localhost.:9464",
            "localhost:",
            "runner.localhost",
            "RUNNER.LOCALHOST.:9464",
            "localhost.localdomain:9464",
            "localhost6.localdomain6",
            "%6cocalhost%2elocaldomain",
            "prometheus-target",
            "prometheus_target:9464",
            "metrics.example.com",
            "METRICS.example.com.:443",
            "127.0.0.1",
            "127.0.0.1.",
            "127.0.0.1:9464",
            "127.1",
            "0x7f.0.0.0x1",
            "[::1]",
            "[::1]:9464",
            "[fe80::1%eth0]:9464",
            "[fe80::1%25eth0]",
            "::1",
        ] {
            assert_eq!(names.accept(host), Ok(()), "{host}");
        }
    }

    #[test]
    fn a_foreign_name_is_rejected_in_any_notation() {
        let names = names();
        for host in [
            "evil.example",
            "EVIL.example.",
            "evil.example:9464",
            "evil%2Eexample",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "localhost.localdomain.evil.example",
            "a.metrics.example.com",
            "x.example",
            "1.0x7g",
        ] {
            let refused = names.accept(host);
            assert!(
                matches!(refused, Err(Misdirected::Elsewhere(_))),
                "{host}: {refused:?}"
            );
        }
    }

    #[test]
    fn invalid_hosts_are_rejected() {
        let names = names();
        for host in [
            ".",
            "localhost..",
            ".localhost",
            "user@localhost",
            "localhost@evil.example",
            "localhost:+80",
            "localhost:99999",
            "localhost:80:80",
            "localhost, evil.example",
            "localhost/",
            "http://localhost",
            "%",
            "%6",
            "%+1localhost",
            "%c3%bc.example",
            "[::1",
            "[::1]9464",
            "[evil.example]",
            "ex ample",
        ] {
            assert_eq!(names.accept(host), Err(Misdirected::Unclear), "{host}");
        }
    }

    #[test]
    fn aliases_are_those_on_the_lines_of_the_own_name() -> Result<(), &'static str> {
        let hosts = "127.0.0.1 localhost ads.example\n\
                     # 127.0.0.1 box commented.example\n\
                     127.0.1.1\tBox.example.com box # box ads.example\n";
        let aliases = aliases_of(&"box".parse()?, hosts);
        let aliases: Vec<_> = aliases.iter().map(|it| &**it).collect();
        assert_eq!(aliases, ["box", "box.example.com"]);
        Ok(())
    }
}
