use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tempfile::TempDir;
use tokio_rustls::TlsAcceptor;

use super::collector::{Collector, free};
use super::{BOTH, GUARD, Outcome, pushing_to, record, script};
use crate::{OtlpError, OtlpMetrics, OtlpProtocol};

type Error = Box<dyn std::error::Error>;

/// An authority that nobody knows, in a file.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    fn new() -> Result<Self, Error> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("ca.pem"), issuer.pem())?;
        Ok(Self { issuer, folder })
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// A collector whose certificate is from here, and for this name.
    fn collector(&self, name: &str, protocol: OtlpProtocol) -> Result<Collector, Error> {
        let key = KeyPair::generate()?;
        let params = CertificateParams::new(vec![name.to_owned()])?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der())?,
            )?;
        config.alpn_protocols = match protocol {
            OtlpProtocol::HttpProtobuf => vec![b"http/1.1".to_vec()],
            OtlpProtocol::Grpc => vec![b"h2".to_vec()],
        };
        let tls = TlsAcceptor::from(Arc::new(config));
        Ok(Collector::start_at(free()?, protocol, Some(tls))?)
    }
}

#[test]
fn a_receiver_is_trusted_by_the_file_that_has_its_authority() -> Outcome {
    let authority = Authority::new()?;
    for protocol in BOTH {
        let collector = authority.collector("localhost", protocol)?;
        let metrics = pushing_to(&collector).ca_file(authority.file()).build()?;
        record(&metrics, &script());
        metrics.flush(GUARD)?;
        assert_eq!(metrics.shutdown(GUARD).delivered, script().len() as u64);
    }
    Ok(())
}

#[test]
fn a_receiver_that_is_not_trusted_gets_nothing() -> Outcome {
    let (authority, other) = (Authority::new()?, Authority::new()?);
    for protocol in BOTH {
        let known = authority.collector("localhost", protocol)?;
        let elsewhere = authority.collector("elsewhere.example", protocol)?;
        for (collector, ca_file, expected) in [
            (&known, Some(other.file()), "invalid peer certificate"),
            // By the public roots.
            (&known, None, "UnknownIssuer"),
            (&elsewhere, Some(authority.file()), "not valid for name"),
        ] {
            let mut builder = pushing_to(collector);
            if let Some(file) = ca_file {
                builder = builder.ca_file(file);
            }
            let metrics = builder.build()?;
            record(&metrics, &script());
            let said = metrics
                .flush(GUARD)
                .map_or_else(|e| e.to_string(), |()| String::new());
            assert!(said.contains(expected), "{said}");
            assert_eq!(metrics.status().delivered, 0);
            assert!(collector.try_push().is_err());
        }
    }
    Ok(())
}

#[test]
fn settings_that_cannot_be_used_are_refused_and_named() -> Outcome {
    let folder = tempfile::tempdir()?;
    let file = |name: &str, text: &[u8]| -> io::Result<PathBuf> {
        let path = folder.path().join(name);
        fs::write(&path, text)?;
        Ok(path)
    };
    let empty = file("empty.pem", b"")?;
    let broken = file(
        "broken.pem",
        b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
    )?;
    let no_certificate = file(
        "no_certificate.pem",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    )?;
    let large = file("large.pem", &vec![b'#'; 2 << 20])?;
    let https = || OtlpMetrics::builder("https://localhost:1");
    let http = || OtlpMetrics::builder("http://localhost:1");
    for (builder, expected) in [
        (OtlpMetrics::builder("localhost"), "must begin with http://"),
        (http().header("a b", "c"), "the header \"a b\""),
        (http().header("a", "c\n"), "the header \"a\""),
        (
            http().ca_file(&empty),
            "needs an endpoint that begins with https",
        ),
        (
            https().ca_file(&empty),
            "empty.pem cannot be used: it has no certificate",
        ),
        (
            https().ca_file(&broken),
            "broken.pem cannot be used: it is no PEM",
        ),
        (
            https().ca_file(&no_certificate),
            "no_certificate.pem cannot be used",
        ),
        (https().ca_file(&large), "it is larger than 1 MiB"),
        (https().ca_file(folder.path()), "cannot be used"),
        (
            https().ca_file("nowhere.pem"),
            "nowhere.pem cannot be used: No such file",
        ),
        (http().every(Duration::ZERO), "every is 0ns"),
        (http().timeout(Duration::MAX), "timeout is"),
        (http().attribute("", "a"), "the resource attribute \"\""),
        (http().service_name(""), "a service must have a name"),
    ] {
        let said = builder.build().map_or_else(said, |_| "none".to_owned());
        assert!(said.contains(expected), "{expected}: {said}");
    }
    Ok(())
}

fn said(error: OtlpError) -> String {
    error.to_string()
}
