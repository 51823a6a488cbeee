//! Messages for errors of TLS.

use std::time::{Duration, SystemTime};

use rustls::pki_types::{ServerName, UnixTime};
use rustls::{AlertDescription, CertificateError, Error, PeerIncompatible};

use super::super::collector_text::CollectorText;
use super::pinned::AUTHORITY;

/// The cause of a TLS error, and the fix. `ca_file` tells whether certificates from a file
/// decide which collectors are trusted.
pub(in super::super) fn words(error: &Error, ca_file: bool) -> String {
    let why = match error {
        Error::InvalidCertificate(error) => certificate(error, ca_file),
        Error::AlertReceived(alert) => self::alert(*alert),
        Error::InvalidMessage(_) => {
            "the server does not speak TLS: start the endpoint with http://, or use the server's port for TLS".to_owned()
        }
        Error::PeerIncompatible(what) => incompatible(what),
        Error::NoApplicationProtocol => NO_PROTOCOL.to_owned(),
        Error::NoCertificatesPresented => {
            "the server shows no certificate: configure one for it".to_owned()
        }
        Error::FailedToGetCurrentTime => {
            "the clock of this machine cannot be read: set it".to_owned()
        }
        Error::PeerMisbehaved(_)
        | Error::InappropriateMessage { .. }
        | Error::InappropriateHandshakeMessage { .. }
        | Error::DecryptError
        | Error::PeerSentOversizedRecord => format!(
            "the server, or a proxy in front of it, violates the TLS protocol: check the server at this port ({error})"
        ),
        error => error.to_string(),
    };
    format!("tls: {why}")
}

const NO_PROTOCOL: &str = "the server does not offer the required HTTP version: the protocol grpc needs HTTP/2, \
     and the protocol http/protobuf needs HTTP/1.1; set the other one, or use the server's other port";

fn certificate(error: &CertificateError, ca_file: bool) -> String {
    match error {
        CertificateError::UnknownIssuer if ca_file => {
            "the server's certificate is not issued by an authority in the CA file: put the certificate of its issuer there, or the server's own if it is self-signed".to_owned()
        }
        CertificateError::UnknownIssuer => {
            "the server's certificate is not issued by a public authority: name a CA file with the certificate of its issuer, or the server's own if it is self-signed".to_owned()
        }
        CertificateError::ExpiredContext { time, not_after } => format!(
            "the server's certificate has expired on {}, and the clock of this machine shows {}: renew the certificate, or set the clock",
            date(*not_after),
            date(*time)
        ),
        CertificateError::Expired => {
            "the server's certificate has expired: renew it, or set the clock of this machine".to_owned()
        }
        CertificateError::NotValidYetContext { time, not_before } => format!(
            "the server's certificate is not valid before {}, and the clock of this machine shows {}: set the clock, or wait",
            date(*not_before),
            date(*time)
        ),
        CertificateError::NotValidYet => {
            "the server's certificate is not valid yet: set the clock of this machine, or wait".to_owned()
        }
        CertificateError::NotValidForNameContext {
            expected,
            presented,
        } => wrong_name(expected, presented),
        CertificateError::NotValidForName => {
            "the server's certificate is for another name than the name in the endpoint: use the name of the certificate".to_owned()
        }
        CertificateError::BadSignature => {
            "the server's certificate is not signed by the authority that it names: the CA file may have an older certificate of an authority of the same name, or the authority's key is an RSA key of fewer than 2048 bits, which is not supported: issue certificates with at least 2048 bits".to_owned()
        }
        CertificateError::BadEncoding => {
            "the server's certificate is damaged: issue another one".to_owned()
        }
        CertificateError::Revoked => "the server's certificate is revoked: issue another one".to_owned(),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "the server's certificate is not for servers: issue one whose extended key usage has serverAuth".to_owned()
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => OLD_SIGNATURE.to_owned(),
        CertificateError::UnhandledCriticalExtension => {
            "the server's certificate has a critical extension that this client does not support: issue one without it".to_owned()
        }
        CertificateError::ApplicationVerificationFailure => {
            "the server's certificate was rejected".to_owned()
        }
        CertificateError::Other(other) => of_path(&other.to_string()),
        // Older forms of the errors above, and errors of revocation lists and OCSP, which
        // this client does not use.
        error => match format!("{error:?}").as_str() {
            "UnsupportedSignatureAlgorithm" => OLD_SIGNATURE.to_owned(),
            name => unusable(name),
        },
    }
}

const OLD_SIGNATURE: &str = "the server's certificate, or one that issued it, has an outdated signature, such as with SHA-1, \
     MD5 or a short RSA key: issue one with SHA-256 and at least 2048 bits";

/// Message for an error without a name in rustls, by its name in webpki.
fn of_path(name: &str) -> String {
    match name {
        AUTHORITY => "the server's certificate is the certificate of an authority (CA:TRUE), which a server cannot use as its own: \
             use exactly that certificate as the CA file, or issue a certificate with CA:FALSE for the server"
            .to_owned(),
        "EndEntityUsedAsCa" => "the server's certificate is issued by a certificate without the right to issue (CA:FALSE): issue it with a certificate that has CA:TRUE".to_owned(),
        "UnsupportedCertVersion" => "the server's certificate is not of X.509 version 3: issue one that is, with a subject alternative name".to_owned(),
        "PathLenConstraintViolated" | "MaximumPathDepthExceeded" => "the server's certificate has too many authorities above it: issue it with fewer intermediate authorities".to_owned(),
        "NameConstraintViolation" => "the authority of the server's certificate must not issue a certificate for this name: use another authority".to_owned(),
        name => unusable(name),
    }
}

fn unusable(name: &str) -> String {
    let name = CollectorText(name);
    format!("the server's certificate cannot be used ({name}): issue another one")
}

/// Maximum number of names in a message.
const NAMES: usize = 8;

fn wrong_name(expected: &ServerName<'_>, presented: &[String]) -> String {
    let wanted = expected.to_str();
    if presented.is_empty() {
        return format!(
            "the server's certificate has no subject alternative name, and the endpoint has {}: issue a certificate with that name, because this client ignores the common name",
            CollectorText(&wanted)
        );
    }
    let names = presented.iter().take(NAMES).map(|name| {
        // The format of webpki: `DnsName("localhost")`, `IpAddress(127.0.0.1)`.
        let name = name.split_once('(').map_or(&**name, |(_, name)| name);
        CollectorText(name.trim_matches(['"', ')'])).to_string()
    });
    let names = names.collect::<Vec<_>>().join(", ");
    let more = if presented.len() > NAMES {
        ", and others"
    } else {
        ""
    };
    format!(
        "the server's certificate is for {names}{more}, and the endpoint has {}: use a name of the certificate in the endpoint, or issue one for that name",
        CollectorText(&wanted)
    )
}

fn alert(alert: AlertDescription) -> String {
    const CLIENT: &str = "the server requires a client certificate, which this client does not support: configure the server to accept clients without one, and authorise them with a header";
    match alert {
        AlertDescription::CertificateRequired => CLIENT.to_owned(),
        AlertDescription::HandshakeFailure | AlertDescription::BadCertificate => format!(
            "the server refused the handshake: either it has no cipher or key exchange in common with this client's TLS 1.2 and 1.3, or {CLIENT}"
        ),
        AlertDescription::ProtocolVersion => OLD_VERSION.to_owned(),
        AlertDescription::InsufficientSecurity => {
            "the server requires stronger ciphers than this client supports: enable current ones on the server".to_owned()
        }
        AlertDescription::UnrecognisedName => {
            "the server does not know the name in the endpoint: use one that it is configured for"
                .to_owned()
        }
        AlertDescription::NoApplicationProtocol => NO_PROTOCOL.to_owned(),
        AlertDescription::AccessDenied => "the server denied access".to_owned(),
        AlertDescription::InternalError => {
            "the server failed during the handshake: look into its log".to_owned()
        }
        other => {
            format!("the server ended the handshake with the alert {other:?}: look into its log")
        }
    }
}

const OLD_VERSION: &str =
    "the server speaks neither TLS 1.2 nor TLS 1.3: enable one of them on the server";

fn incompatible(what: &PeerIncompatible) -> String {
    match what {
        PeerIncompatible::ServerDoesNotSupportTls12Or13
        | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig => OLD_VERSION.to_owned(),
        other => format!(
            "the server has no cipher, key exchange or signature in common with this client's TLS 1.2 and 1.3 ({other:?}): enable current ones on the server"
        ),
    }
}

/// A date in the format of HTTP.
fn date(time: UnixTime) -> String {
    /// The year 10000. Dates of HTTP end before it.
    const END: u64 = 253_402_300_800;
    let seconds = time.as_secs();
    if seconds >= END {
        return "a day after the year 9999".to_owned();
    }
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::{InvalidMessage, OtherError};

    use super::*;

    fn said(error: impl Into<Error>, ca_file: bool) -> String {
        words(&error.into(), ca_file)
    }

    #[derive(Debug)]
    struct Named(&'static str);

    impl std::fmt::Display for Named {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(self.0)
        }
    }

    impl std::error::Error for Named {}

    fn webpki(name: &'static str) -> CertificateError {
        CertificateError::Other(OtherError(Arc::new(Named(name))))
    }

    #[test]
    fn errors_of_tls_are_explained_with_the_fix() {
        let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let expired = CertificateError::ExpiredContext {
            time: at(86_400),
            not_after: at(0),
        };
        let early = CertificateError::NotValidYetContext {
            time: at(0),
            not_before: at(u64::MAX),
        };
        let name = |presented: &[&str]| CertificateError::NotValidForNameContext {
            expected: ServerName::try_from("a.example").unwrap_or_else(|_| {
                ServerName::IpAddress(std::net::IpAddr::from([127, 0, 0, 1]).into())
            }),
            presented: presented.iter().map(|it| (*it).to_owned()).collect(),
        };
        let many = vec!["DnsName(\"c.example\")"; 100];
        for (error, expected) in [
            (expired.into(), "has expired on Thu, 01 Jan 1970"),
            (early.into(), "not valid before a day after the year 9999"),
            (
                name(&["DnsName(\"b.example\")", "IpAddress(127.0.0.1)"]).into(),
                r#"is for "b.example", "127.0.0.1", and the endpoint has "a.example""#,
            ),
            (name(&[]).into(), "no subject alternative name"),
            (name(&many).into(), "and others"),
            (webpki(AUTHORITY).into(), "the certificate of an authority"),
            (
                webpki("EndEntityUsedAsCa").into(),
                "without the right to issue",
            ),
            (webpki("Other\n").into(), r#"cannot be used ("Other\n")"#),
            (
                CertificateError::BadSignature.into(),
                "an RSA key of fewer than 2048 bits",
            ),
            (CertificateError::InvalidPurpose.into(), "serverAuth"),
            (
                CertificateError::UnknownRevocationStatus.into(),
                "cannot be used",
            ),
            (
                Error::InvalidMessage(InvalidMessage::InvalidContentType),
                "does not speak TLS",
            ),
            (
                Error::AlertReceived(AlertDescription::CertificateRequired),
                "requires a client certificate",
            ),
            (
                Error::AlertReceived(AlertDescription::HandshakeFailure),
                "refused the handshake",
            ),
            (
                Error::AlertReceived(AlertDescription::ProtocolVersion),
                "neither TLS 1.2 nor TLS 1.3",
            ),
            (
                Error::AlertReceived(AlertDescription::NoApplicationProtocol),
                "set the other one",
            ),
            (
                Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13),
                "neither TLS 1.2 nor TLS 1.3",
            ),
            (Error::NoCertificatesPresented, "shows no certificate"),
        ] {
            let said = said(error, true);
            assert!(said.contains(expected), "{expected}: {said}");
            assert!(said.len() < 1_000, "{said}");
        }
        let unknown = CertificateError::UnknownIssuer;
        let public = said(unknown.clone(), false);
        assert!(
            public.contains("not issued by a public authority"),
            "{public}"
        );
        let private = said(unknown, true);
        assert!(private.contains("an authority in the CA file"), "{private}");
    }
}
