//! Explanations for missing answers: the cause and the fix.

use std::error::Error;
use std::io;

use super::OtlpProtocol;
use super::collector_text::CollectorText;
use super::failure::Failure;
use super::first_bytes::{FirstBytes, PeerProtocol};
use super::tls;

/// The settings that explanations depend on.
#[derive(Debug, Clone)]
pub(super) struct Explain {
    pub(super) protocol: OtlpProtocol,
    pub(super) https: bool,
    pub(super) port: Option<u16>,
    /// Whether certificates from a file decide which collectors are trusted.
    pub(super) ca_file: bool,
}

pub(super) const USE_GRPC: &str = "the server speaks HTTP/2, the protocol of OTLP over gRPC (usually at port 4317): set the protocol to \
     grpc, or use the server's port for OTLP over HTTP (usually 4318)";
pub(super) const USE_HTTP: &str = "the server speaks HTTP/1.1, the protocol of OTLP over HTTP (usually at port 4318): set the \
     protocol to http/protobuf, or use the server's port for gRPC (usually 4317)";
const USE_HTTPS: &str = "the server speaks TLS: start the endpoint with https://";
const NO_TLS: &str = "the server answers without TLS: start the endpoint with http://, or use the server's port for TLS";
const MAY_BE_GRPC: &str =
    "if the server takes gRPC (usually at port 4317), set the protocol to grpc";
pub(super) const MAY_BE_HTTP: &str =
    "if the server takes OTLP over HTTP (usually at port 4318), set the protocol to http/protobuf";

const MAY_BE_TLS: &str = "; if it requires TLS, start the endpoint with https://";
const MAY_BE_CLIENT: &str = "; if it requires a client certificate, which this client does not support, configure it to accept clients without one, and authorise them with a header";
const IN_HANDSHAKE: &str =
    "the server closed the connection during the TLS handshake: check that its port is one for TLS";

impl Explain {
    pub(super) fn failure(
        &self,
        error: &(dyn Error + 'static),
        raw: &FirstBytes,
        plain: &FirstBytes,
    ) -> Failure {
        if let Some(said) = self.said(raw, plain) {
            return Failure::soon(said);
        }
        if let Some(tls) = causes(error).find_map(|it| it.downcast_ref()) {
            return Failure::soon(tls::words(tls, self.ca_file));
        }
        let connecting = error
            .downcast_ref::<hyper_util::client::legacy::Error>()
            .is_some_and(hyper_util::client::legacy::Error::is_connect);
        let why = chain(error);
        let closed = self.https && closed(error);
        let client = if closed { MAY_BE_CLIENT } else { "" };
        Failure::soon(match (connecting, plain.speak()) {
            // With TLS 1.2, a message of the server can be lost with the connection.
            (true, _) if closed => format!("{IN_HANDSHAKE}{client}"),
            // With TLS 1.3, the client finishes its handshake before the server rejects the
            // missing certificate.
            (false, PeerProtocol::Nothing) => format!("{why}; {}{client}", self.other()),
            _ => why,
        })
    }

    /// Possible cause of a missing answer.
    pub(super) fn hint(&self, raw: &FirstBytes, plain: &FirstBytes) -> Option<String> {
        let usual = match self.protocol {
            OtlpProtocol::HttpProtobuf => 4317,
            OtlpProtocol::Grpc => 4318,
        };
        let of_port = || (self.port == Some(usual)).then(|| self.other());
        self.said(raw, plain).or_else(of_port)
    }

    /// Possible protocol of a server that sent no bytes.
    fn other(&self) -> String {
        let other = match self.protocol {
            OtlpProtocol::HttpProtobuf => MAY_BE_GRPC,
            OtlpProtocol::Grpc => MAY_BE_HTTP,
        };
        let tls = if self.https { "" } else { MAY_BE_TLS };
        format!("{other}{tls}")
    }

    /// The protocol of the server, if it is the cause.
    fn said(&self, raw: &FirstBytes, plain: &FirstBytes) -> Option<String> {
        let http2 = self.protocol == OtlpProtocol::Grpc;
        let known = match (raw.speak(), plain.speak()) {
            (PeerProtocol::Tls, _) if !self.https => USE_HTTPS,
            (PeerProtocol::Http1 | PeerProtocol::Http2 | PeerProtocol::Else, _) if self.https => {
                NO_TLS
            }
            (_, PeerProtocol::Http2) if !http2 => USE_GRPC,
            (_, PeerProtocol::Http1) if http2 => USE_HTTP,
            (_, PeerProtocol::Else) => {
                return Some(format!(
                    "the server does not speak HTTP, but starts with {}: check the port",
                    CollectorText(&plain.shown())
                ));
            }
            _ => return None,
        };
        Some(known.to_owned())
    }
}

/// An error and its causes. `source` of an `io::Error` skips its inner error.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        match error.downcast_ref::<io::Error>() {
            Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
}

/// Whether the server ended the connection.
fn closed(error: &(dyn Error + 'static)) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    causes(error)
        .filter_map(|it| it.downcast_ref::<io::Error>())
        .any(|io| {
            matches!(
                io.kind(),
                BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof
            )
        })
}

/// An error with all its causes.
fn chain(error: &(dyn Error + 'static)) -> String {
    // The text of hyper's client error has no information.
    let is_client = error.is::<hyper_util::client::legacy::Error>();
    let first = error.source().filter(|_| is_client).unwrap_or(error);
    let mut why = first.to_string();
    let mut source = first.source();
    while let Some(error) = source {
        let cause = error.to_string();
        if !why.ends_with(&cause) {
            why = format!("{why}: {cause}");
        }
        source = error.source();
    }
    why
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_connection_is_recognised_behind_other_errors() {
        let io = |kind| io::Error::other(io::Error::from(kind));
        for kind in [
            io::ErrorKind::BrokenPipe,
            io::ErrorKind::ConnectionReset,
            io::ErrorKind::UnexpectedEof,
        ] {
            assert!(closed(&io(kind)), "{kind:?}");
        }
        assert!(!closed(&io(io::ErrorKind::ConnectionRefused)));
    }
}
