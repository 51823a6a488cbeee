//! Tests of tokens and host names.

use std::fs::{self, Permissions};
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;

use anyhow::{Result, ensure};

use super::client::ask;
use super::served::Served;
use crate::http::{HttpAccess, HttpLimits, Token};

const SECRET: &str = "0123456789abcdef";

fn token(text: &str, mode: u32) -> Result<Token> {
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("token");
    fs::write(&path, text)?;
    fs::set_permissions(&path, Permissions::from_mode(mode))?;
    Ok(Token::read(&path)?)
}

#[tokio::test(flavor = "multi_thread")]
async fn only_clients_with_the_token_read_protected_pages() -> Result<()> {
    let access = HttpAccess {
        token: Some(token(&format!(" {SECRET}\n"), 0o600)?),
        ..HttpAccess::default()
    };
    let served = Served::with(HttpLimits::default(), access).await?;
    let address = served.server.address;
    let right = format!("Authorization: bearer {SECRET}\r\n");
    let wrong = [
        String::new(),
        "Authorization: Bearer 0123456789abcdeg\r\n".into(),
        format!("Authorization: Bearer {SECRET}0\r\n"),
        "Authorization: Bearer \r\n".into(),
        format!("Authorization: Basic {SECRET}\r\n"),
        format!("Authorization: {SECRET}\r\n"),
        format!("{right}{right}"),
    ];
    for path in [
        "/metrics",
        "/api/tasks",
        "/backends/huge/metrics",
        "/nowhere",
    ] {
        for header in &wrong {
            for method in ["GET", "HEAD", "POST"] {
                let answer = ask(address, &format!("{method} {path}"), header)?;
                ensure!(
                    answer.status() == Some(401),
                    "{path} {header}: {}",
                    answer.head
                );
                ensure!(answer.header("www-authenticate") == Some("Bearer"));
                ensure!(!String::from_utf8(answer.body)?.contains("huge"));
            }
        }
    }
    for path in ["/", "/healthz", "/readyz"] {
        ensure!(
            ask(address, &format!("GET {path}"), "")?.status() == Some(200),
            "{path}"
        );
    }
    let answer = ask(address, "GET /metrics", &right)?;
    ensure!(answer.status() == Some(200), "{}", answer.head);
    ensure!(ask(address, "GET /nowhere", &right)?.status() == Some(404));
    Ok(())
}

/// systemd and Kubernetes give tokens to a group in this way.
#[test]
fn a_group_may_read_a_token() -> Result<()> {
    token(SECRET, 0o440).map(drop)
}

#[test]
fn a_token_that_is_no_secret_is_refused() -> Result<()> {
    for (text, mode, why) in [
        (SECRET, 0o604, "chmod o="),
        (SECRET, 0o644, "chmod o="),
        ("0123456789abcde", 0o600, "16"),
        ("", 0o600, "16"),
        ("0123456789 abcdef", 0o600, "one word"),
        ("0123456789abcdeü", 0o600, "one word"),
        (&"x".repeat(5000), 0o600, "4096"),
    ] {
        let refused = token(text, mode).err();
        let refused = refused.map(|it| format!("{it:#}")).unwrap_or_default();
        ensure!(refused.contains(why), "{why}: {refused:?}");
    }
    ensure!(!format!("{:?}", token(SECRET, 0o400)?).contains(SECRET));
    Ok(())
}

#[test]
fn an_address_that_others_reach_without_a_token_is_warned_about() -> Result<()> {
    for (address, warned) in [
        ("127.0.0.1:1", false),
        ("[::1]:1", false),
        ("[::ffff:127.0.0.1]:1", false),
        ("0.0.0.0:1", true),
        ("[::]:1", true),
        ("192.0.2.1:1", true),
    ] {
        let address: SocketAddr = address.parse()?;
        let open = HttpAccess::default().warning(address);
        ensure!(open.is_some() == warned, "{address}: {open:?}");
        let guarded = HttpAccess {
            token: Some(token(SECRET, 0o600)?),
            ..HttpAccess::default()
        };
        ensure!(guarded.warning(address).is_none());
    }
    Ok(())
}

/// A request with exactly these lines in its head.
fn raw(address: SocketAddr, head: &str) -> Result<super::client::Said> {
    let mut stream = super::client::connect(address)?;
    let request = format!("{head}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    super::client::read(stream)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_foreign_name_reads_nothing() -> Result<()> {
    let access = HttpAccess {
        hosts: vec!["Metrics.Example.".parse().map_err(anyhow::Error::msg)?],
        ..HttpAccess::default()
    };
    let served = Served::with(HttpLimits::default(), access).await?;
    for (head, status) in [
        ("GET /metrics HTTP/1.1\r\nHost: evil.example\r\n", 421),
        ("GET /healthz HTTP/1.1\r\nHost: evil.example\r\n", 421),
        ("GET /metrics HTTP/1.1\r\nHost: localhost\r\n", 200),
        (
            "GET /metrics HTTP/1.1\r\nHost: metrics.example:8443\r\n",
            200,
        ),
        ("GET /metrics HTTP/1.0\r\n", 200),
        // The target names the server; the header is ignored.
        (
            "GET http://evil.example/metrics HTTP/1.1\r\nHost: localhost\r\n",
            421,
        ),
        (
            "GET http://localhost:1/metrics HTTP/1.1\r\nHost: x\r\n",
            200,
        ),
        (
            "GET http://user@localhost/metrics HTTP/1.1\r\nHost: x\r\n",
            400,
        ),
        (
            "GET /metrics HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n",
            400,
        ),
        (
            "GET /metrics HTTP/1.1\r\nHost: localhost, evil.example\r\n",
            400,
        ),
    ] {
        let answer = raw(served.server.address, head)?;
        ensure!(answer.status() == Some(status), "{head}: {}", answer.head);
        let text = String::from_utf8_lossy(&answer.body);
        ensure!(
            status != 421 || text.starts_with("evil.example is not"),
            "{text}"
        );
    }
    Ok(())
}

/// Other sites do not know the token.
#[tokio::test(flavor = "multi_thread")]
async fn with_a_token_every_name_is_accepted() -> Result<()> {
    let access = HttpAccess {
        token: Some(token(SECRET, 0o600)?),
        ..HttpAccess::default()
    };
    let served = Served::with(HttpLimits::default(), access).await?;
    let head =
        format!("GET /metrics HTTP/1.1\r\nHost: a.example\r\nAuthorization: Bearer {SECRET}\r\n");
    ensure!(raw(served.server.address, &head)?.status() == Some(200));
    Ok(())
}
