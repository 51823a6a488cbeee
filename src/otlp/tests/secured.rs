//! Pushes over TLS.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::TempDir;
use tokio_rustls::TlsAcceptor;

use super::collector::{Collector, free};
use super::{BOTH, GUARD, Outcome, pushing_to, record, script};
use crate::{OtlpMetrics, OtlpProtocol};

type Error = Box<dyn std::error::Error>;

/// A private authority, in a file.
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

    /// A collector with a certificate of this authority for this name.
    fn collector(&self, name: &str, protocol: OtlpProtocol) -> Result<Collector, Error> {
        let key = KeyPair::generate()?;
        let params = CertificateParams::new(vec![name.to_owned()])?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        secured(certificate.der().clone(), &key, protocol)
    }
}

/// A collector with this certificate.
fn secured(
    certificate: CertificateDer<'static>,
    key: &KeyPair,
    protocol: OtlpProtocol,
) -> Result<Collector, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate],
            PrivateKeyDer::try_from(key.serialize_der())?,
        )?;
    config.alpn_protocols = match protocol {
        OtlpProtocol::HttpProtobuf => vec![b"http/1.1".to_vec()],
        OtlpProtocol::Grpc => vec![b"h2".to_vec()],
    };
    let tls = TlsAcceptor::from(Arc::new(config));
    Ok(Collector::start_at(free()?, protocol, Some(tls))?)
}

/// Pushes to a collector that this file makes trusted.
fn all_is_delivered(collector: &Collector, ca_file: PathBuf) -> Outcome {
    let metrics = pushing_to(collector).ca_file(ca_file).build()?;
    record(&metrics, &script());
    metrics.flush(GUARD)?;
    assert_eq!(
        metrics.shutdown(GUARD).ledger.delivered(),
        script().len() as u64
    );
    Ok(())
}

#[test]
fn a_collector_is_trusted_if_the_file_has_its_authority() -> Outcome {
    let authority = Authority::new()?;
    for protocol in BOTH {
        let collector = authority.collector("localhost", protocol)?;
        all_is_delivered(&collector, authority.file())?;
    }
    Ok(())
}

#[test]
fn a_collector_that_is_not_trusted_gets_no_records() -> Outcome {
    let (authority, other) = (Authority::new()?, Authority::new()?);
    for protocol in BOTH {
        let known = authority.collector("localhost", protocol)?;
        let elsewhere = authority.collector("elsewhere.example", protocol)?;
        for (collector, ca_file, expected) in [
            (
                &known,
                Some(other.file()),
                "not signed by the authority that it names",
            ),
            // With the public roots.
            (&known, None, "not issued by a public authority"),
            (
                &elsewhere,
                Some(authority.file()),
                r#"is for "elsewhere.example", and the endpoint has "localhost""#,
            ),
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
            assert_eq!(metrics.status().ledger.delivered(), 0);
            assert!(collector.try_push().is_err());
        }
    }
    Ok(())
}

/// A certificate as `openssl req -x509` makes it: its own authority.
struct SelfSigned {
    certificate: rcgen::Certificate,
    key: KeyPair,
    folder: TempDir,
}

impl SelfSigned {
    fn new(change: impl FnOnce(&mut CertificateParams)) -> Result<Self, Error> {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()])?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        change(&mut params);
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("ca.pem"), certificate.pem())?;
        Ok(Self {
            certificate,
            key,
            folder,
        })
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    fn collector(&self, protocol: OtlpProtocol) -> Result<Collector, Error> {
        secured(self.certificate.der().clone(), &self.key, protocol)
    }
}

#[test]
fn a_collector_is_trusted_if_the_file_has_its_own_certificate() -> Outcome {
    for is_ca in [
        IsCa::Ca(BasicConstraints::Unconstrained),
        IsCa::ExplicitNoCa,
    ] {
        let pinned = SelfSigned::new(|params| params.is_ca = is_ca)?;
        for protocol in BOTH {
            let collector = pinned.collector(protocol)?;
            all_is_delivered(&collector, pinned.file())?;
        }
    }
    Ok(())
}

#[test]
fn the_certificate_of_a_collector_in_the_file_is_verified_like_any_other() -> Outcome {
    let date = rcgen::date_time_ymd;
    let good = SelfSigned::new(|_| {})?;
    let other = SelfSigned::new(|params| {
        params.distinguished_name = rcgen::DistinguishedName::new();
    })?;
    let elsewhere = SelfSigned::new(|params| params.subject_alt_names.clear())?;
    let expired = SelfSigned::new(|params| params.not_after = date(2001, 2, 3))?;
    let early = SelfSigned::new(|params| params.not_before = date(4000, 1, 1))?;
    for (certificate, file, expected) in [
        (&good, &other, "the certificate of an authority (CA:TRUE)"),
        (&elsewhere, &elsewhere, "has no subject alternative name"),
        (&expired, &expired, "has expired on Sat, 03 Feb 2001"),
        (&early, &early, "is not valid before Sat, 01 Jan 4000"),
    ] {
        let collector = certificate.collector(BOTH[0])?;
        let metrics = pushing_to(&collector).ca_file(file.file()).build()?;
        record(&metrics, &script());
        let said = metrics
            .flush(GUARD)
            .map_or_else(|e| e.to_string(), |()| String::new());
        assert!(said.contains(expected), "{expected}: {said}");
        assert!(collector.try_push().is_err());
    }
    Ok(())
}

#[test]
fn a_collector_with_unexpected_tls_is_recognised_and_one_without_tls() -> Outcome {
    let authority = Authority::new()?;
    for protocol in BOTH {
        let with = authority.collector("localhost", protocol)?;
        let without = Collector::start(protocol)?;
        for (url, expected) in [
            (
                with.url().replace("https", "http"),
                "start the endpoint with https://",
            ),
            (
                without.url().replace("http", "https"),
                "start the endpoint with http://",
            ),
        ] {
            let metrics = OtlpMetrics::builder(url)
                .protocol(protocol)
                .interval(Duration::from_secs(3600))
                .timeout(GUARD)
                .build()?;
            let said = metrics
                .flush(GUARD)
                .map_or_else(|e| e.to_string(), |()| String::new());
            assert!(said.contains(expected), "{expected}: {said}");
        }
    }
    Ok(())
}

#[test]
fn a_collector_of_the_other_protocol_over_tls_is_recognised() -> Outcome {
    let authority = Authority::new()?;
    for (protocol, other) in [(BOTH[0], BOTH[1]), (BOTH[1], BOTH[0])] {
        let collector = authority.collector("localhost", other)?;
        let metrics = pushing_to(&collector)
            .protocol(protocol)
            .ca_file(authority.file())
            .build()?;
        let said = metrics
            .flush(GUARD)
            .map_or_else(|e| e.to_string(), |()| String::new());
        assert!(said.contains("protocol"), "{said}");
    }
    Ok(())
}
