//! Settings that are rejected, and the longest ones that are not.

use std::path::PathBuf;
use std::time::Duration;
use std::{fs, io};

use rcgen::KeyPair;

use super::collector::Collector;
use super::{BOTH, GUARD, Outcome, pushing_to};
use crate::{OtlpError, OtlpMetrics};

#[test]
fn invalid_settings_are_rejected_and_named() -> Outcome {
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
    let der = file("der.pem", b"\x30\x82\x03\x01")?;
    let key = file("key.pem", KeyPair::generate()?.serialize_pem().as_bytes())?;
    let text = file("text.pem", b"ca")?;
    // Reading it would never end, and opening a pipe would wait for a writer.
    let sparse = folder.path().join("sparse.pem");
    fs::File::create(&sparse)?.set_len(1 << 40)?;
    let pipe = folder.path().join("pipe.pem");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status()?;
    assert!(made.success());
    let https = || OtlpMetrics::builder("https://localhost:1");
    let http = || OtlpMetrics::builder("http://localhost:1");
    for (builder, expected) in [
        (OtlpMetrics::builder("localhost"), "must start with http://"),
        (http().header("a b", "c"), "the header \"a b\""),
        (http().header("a", "c\n"), "the header \"a\""),
        (
            http().ca_file(&empty),
            "needs an endpoint that starts with https",
        ),
        (
            https().ca_file(&empty),
            "empty.pem cannot be used: it is empty",
        ),
        (
            https().ca_file(&broken),
            "broken.pem cannot be used: it is not valid PEM",
        ),
        (
            https().ca_file(&no_certificate),
            "no_certificate.pem cannot be used: certificate 1 is damaged",
        ),
        (https().ca_file(&large), "it is larger than 1 MiB"),
        (https().ca_file(&sparse), "it is larger than 1 MiB"),
        (https().ca_file(&der), "it is in DER"),
        (https().ca_file(&key), "a private key and no certificate"),
        (https().ca_file(&text), "it has no certificate in PEM"),
        (https().ca_file(folder.path()), "it is a directory"),
        (
            https().ca_file(&pipe),
            "not read from a pipe or from standard input",
        ),
        (https().ca_file("/dev/zero"), "it is not a regular file"),
        (
            https().ca_file("nowhere.pem"),
            "nowhere.pem cannot be used: No such file",
        ),
        (
            https().ca_file("-"),
            "not read from a pipe or from standard input",
        ),
        (http().interval(Duration::ZERO), "interval is 0ns"),
        (
            http().interval(Duration::from_millis(99)),
            "interval is 99ms, and must be from 100 ms to 365 days",
        ),
        (
            http().timeout(Duration::ZERO),
            "must be from 1 ms to 365 days",
        ),
        (
            http().interval(YEAR + Duration::from_nanos(1)),
            "interval is",
        ),
        (http().timeout(Duration::MAX), "timeout is"),
        (http().attribute("", "a"), "the resource attribute \"\""),
        (http().service_name(""), "a service must have a name"),
    ] {
        let said = builder.build().map_or_else(said, |_| "none".to_owned());
        assert!(said.contains(expected), "{expected}: {said}");
    }
    Ok(())
}

const YEAR: Duration = Duration::from_secs(365 * 86_400);

#[test]
fn a_push_may_come_once_a_year_and_take_as_long() -> Outcome {
    let collector = Collector::start(BOTH[0])?;
    let metrics = pushing_to(&collector)
        .interval(YEAR)
        .timeout(YEAR)
        .build()?;
    metrics.flush(GUARD)?;
    Ok(())
}

fn said(error: OtlpError) -> String {
    error.to_string()
}
