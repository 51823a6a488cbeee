//! A file with trusted certificates.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// Maximum size of a file, in bytes. A bundle of all public roots has a quarter of it.
const LARGEST: u64 = 1 << 20;

/// The certificates in a file.
pub(super) struct CaFile {
    pub(super) roots: RootCertStore,
    pub(super) certificates: Vec<CertificateDer<'static>>,
}

/// Reads a file in PEM. The error has the cause and the fix.
pub(super) fn read(path: &Path) -> Result<CaFile, String> {
    let pem = bytes(path)?;
    let mut roots = RootCertStore::empty();
    let mut certificates = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| format!("it is not valid PEM: {error}"))?;
        roots.add(certificate.clone()).map_err(|_| {
            let number = certificates.len() + 1;
            format!("certificate {number} is damaged")
        })?;
        certificates.push(certificate);
    }
    if certificates.is_empty() {
        return Err(none(&pem).to_owned());
    }
    Ok(CaFile {
        roots,
        certificates,
    })
}

/// Error of a file without certificates in PEM, by its content.
fn none(pem: &[u8]) -> &'static str {
    let has = |text: &str| pem.windows(text.len()).any(|it| it == text.as_bytes());
    match pem {
        [] => "it is empty: write the certificate of the server's authority into it",
        // A sequence whose length has two bytes: the start of every certificate in DER.
        [0x30, 0x82, ..] => {
            "it is in DER, and must be in PEM: `openssl x509 -inform der -in FILE` converts it"
        }
        _ if has("PRIVATE KEY-----") => {
            "it has a private key and no certificate: name the file with the certificate of the server's authority"
        }
        _ if has("CERTIFICATE REQUEST-----") => {
            "it has a request for a certificate and no certificate: name the file with the certificate of the server's authority"
        }
        _ if has("TRUSTED CERTIFICATE-----") => {
            "it has a certificate in OpenSSL's own format: `openssl x509 -in FILE` converts it"
        }
        _ => "it has no certificate in PEM, which starts with -----BEGIN CERTIFICATE-----",
    }
}

const NO_INPUT: &str =
    "certificates are not read from a pipe or from standard input: set the path of a regular file";

/// Content of the file. A special file is rejected without a wait, and a file above the
/// maximum size without a read.
fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let said = |error: io::Error| error.to_string();
    let file = open(path).map_err(|error| match path.to_str() {
        Some("-") if error.kind() == io::ErrorKind::NotFound => {
            format!("{NO_INPUT}, and no file has the name -")
        }
        _ => said(error),
    })?;
    let metadata = file.metadata().map_err(said)?;
    if !metadata.is_file() {
        return Err(if metadata.is_dir() {
            "it is a directory: name the file in it".to_owned()
        } else {
            format!("it is not a regular file, and {NO_INPUT}")
        });
    }
    let too_large = || "it is larger than 1 MiB".to_owned();
    if metadata.len() > LARGEST {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(said)?;
    if bytes.len() as u64 > LARGEST {
        return Err(too_large());
    }
    Ok(bytes)
}

/// Opening a pipe would wait for a writer.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;

    let mut options = OpenOptions::new();
    options.read(true).custom_flags(libc::O_NONBLOCK);
    options.open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).open(path)
}
