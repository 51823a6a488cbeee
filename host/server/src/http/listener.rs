//! Listens on an address, for IPv6 and IPv4.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

/// Connections that the system holds until they are accepted.
const BACKLOG: i32 = 1024;

/// Listens on an address; `[::]` is every IPv4 and IPv6 address of this machine,
/// independent of `net.ipv6.bindv6only`. `send_buffer` is the number of bytes of an
/// answer that the system buffers for each connection.
///
/// A machine without IPv6 does not have `[::]`. The listener then uses `0.0.0.0`, and the
/// second value is a warning.
///
/// # Errors
///
/// When the address cannot be listened on.
pub(super) fn listen(
    address: SocketAddr,
    send_buffer: usize,
) -> io::Result<(TcpListener, Option<String>)> {
    or_ipv4(address, |address| bind(address, send_buffer))
}

fn bind(address: SocketAddr, send_buffer: usize) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if address.is_ipv6() && address.ip().is_unspecified() {
        socket.set_only_v6(false)?;
    }
    // A restart does not wait until the system has forgotten old connections.
    socket.set_reuse_address(true)?;
    // Accepted sockets inherit this size.
    socket.set_send_buffer_size(send_buffer)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

fn or_ipv4<T>(
    address: SocketAddr,
    bind: impl Fn(SocketAddr) -> io::Result<T>,
) -> io::Result<(T, Option<String>)> {
    let error = match bind(address) {
        Ok(bound) => return Ok((bound, None)),
        Err(error) => error,
    };
    if !(address.is_ipv6() && address.ip().is_unspecified())
        || error.kind() == io::ErrorKind::AddrInUse
    {
        return Err(error);
    }
    let all = SocketAddr::from((Ipv4Addr::UNSPECIFIED, address.port()));
    let Ok(bound) = bind(all) else {
        return Err(error);
    };
    let warning = format!(
        "cannot listen on {address} ({error}); listening on {all}, which clients can reach only over IPv4"
    );
    Ok((bound, Some(warning)))
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv6Addr, TcpStream};

    use super::*;

    /// Behaves like a system without IPv6.
    fn without_ipv6(address: SocketAddr) -> io::Result<SocketAddr> {
        match address {
            SocketAddr::V4(_) => Ok(address),
            SocketAddr::V6(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    #[test]
    fn a_machine_without_ipv6_listens_on_ipv4_and_says_so() -> anyhow::Result<()> {
        let (bound, warning) = or_ipv4("[::]:9464".parse()?, without_ipv6)?;
        assert_eq!(bound, "0.0.0.0:9464".parse()?);
        assert!(warning.is_some_and(|it| it.contains("[::]:9464") && it.contains("0.0.0.0:9464")));
        // A single IPv6 address is not replaced by all IPv4 addresses.
        assert!(or_ipv4("[::1]:9464".parse()?, without_ipv6).is_err());
        Ok(())
    }

    #[test]
    fn a_port_in_use_is_an_error_and_not_a_reason_for_ipv4() -> anyhow::Result<()> {
        let in_use = |address: SocketAddr| match address {
            SocketAddr::V4(_) => Ok(()),
            SocketAddr::V6(_) => Err(io::ErrorKind::AddrInUse.into()),
        };
        assert!(or_ipv4("[::]:9464".parse()?, in_use).is_err());
        Ok(())
    }

    #[tokio::test]
    async fn every_address_is_of_both_families() -> anyhow::Result<()> {
        let (listener, warning) = listen("[::]:0".parse()?, 64 << 10)?;
        let port = listener.local_addr()?.port();
        TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        if warning.is_none() {
            TcpStream::connect((Ipv6Addr::LOCALHOST, port))?;
        }
        Ok(())
    }
}
