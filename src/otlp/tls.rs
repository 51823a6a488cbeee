//! The TLS settings of a client.

use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::{ClientConfig, RootCertStore};

use super::OtlpError;

mod ca_file;
mod pinned;
mod words;

pub(super) use words::words;

/// TLS settings: the trusted certificates.
pub(super) struct Tls {
    pub(super) config: ClientConfig,
}

/// TLS settings that trust only the certificates in this file, or without a file the public
/// roots that are compiled in.
pub(super) fn config(ca_file: Option<&Path>) -> Result<Tls, OtlpError> {
    // Set explicitly, so that the process's default provider has no effect.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| OtlpError::Tls(error.to_string()))?;
    let Some(path) = ca_file else {
        let roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        let config = builder.with_root_certificates(roots).with_no_client_auth();
        return Ok(Tls { config });
    };
    let file = ca_file::read(path).map_err(|reason| OtlpError::CaFile {
        path: path.to_owned(),
        reason,
    })?;
    let roots = Arc::new(file.roots);
    let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider)
        .build()
        .map_err(|error| OtlpError::Tls(error.to_string()))?;
    let verifier = Arc::new(pinned::Pinned {
        verifier,
        certificates: file.certificates,
    });
    let config = builder
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Ok(Tls { config })
}
