//! Tests of answers: compression, methods, headers and pages.

use std::io::{Read, Write};

use anyhow::{Result, ensure};
use flate2::read::GzDecoder;
use solti_metrics::ExpositionFormat;

use super::client::{ask, connect, one};
use super::served::{Served, TASKS};
use crate::http::HttpLimits;

#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_page_has_the_same_content() -> Result<()> {
    let served = Served::start(HttpLimits::default()).await?;
    let address = served.server.address;
    let plain = ask(address, "GET /metrics", "")?;
    ensure!(plain.status() == Some(200) && plain.body == served.shelf.metrics.as_bytes());
    ensure!(plain.header("content-encoding").is_none(), "{}", plain.head);
    ensure!(
        plain
            .header("vary")
            .is_some_and(|it| it.contains("Accept-Encoding"))
    );

    let packed = ask(
        address,
        "GET /metrics",
        "Accept-Encoding: deflate, gzip\r\n",
    )?;
    ensure!(
        packed.header("content-encoding") == Some("gzip"),
        "{}",
        packed.head
    );
    ensure!(packed.body.len() < plain.body.len() / 2);
    let mut unpacked = Vec::new();
    GzDecoder::new(&*packed.body).read_to_end(&mut unpacked)?;
    ensure!(unpacked == plain.body);

    for (page, header) in [("/metrics", "gzip;q=0"), ("/api/tasks", "gzip")] {
        let header = format!("Accept-Encoding: {header}\r\n");
        let answer = ask(address, &format!("GET {page}"), &header)?;
        ensure!(
            answer.header("content-encoding").is_none(),
            "{page} {header}"
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_page_is_compressed_whole() -> Result<()> {
    let served = Served::start(HttpLimits::default()).await?;
    let header = "Accept-Encoding: gzip\r\n";
    let packed = ask(served.server.address, "GET /backends/huge/metrics", header)?;
    let mut unpacked = Vec::new();
    GzDecoder::new(&*packed.body).read_to_end(&mut unpacked)?;
    ensure!(unpacked.len() == super::served::HUGE && unpacked.iter().all(|it| *it == b'x'));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn head_tells_the_length_that_get_has() -> Result<()> {
    let served = Served::start(HttpLimits::default()).await?;
    for headers in ["", "Accept-Encoding: gzip\r\n"] {
        let get = ask(served.server.address, "GET /metrics", headers)?;
        let head = ask(served.server.address, "HEAD /metrics", headers)?;
        let length = get.body.len().to_string();
        ensure!(
            head.body.is_empty() && head.status() == Some(200),
            "{}",
            head.head
        );
        ensure!(
            head.header("content-length") == Some(&*length),
            "{}",
            head.head
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_format_is_the_one_that_prometheus_prefers() -> Result<()> {
    let served = Served::start(HttpLimits::default()).await?;
    for (accept, chosen) in [
        ("*/*", ExpositionFormat::Text),
        (
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
             application/openmetrics-text;version=0.0.1;q=0.5,\
             text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,\
             text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
            ExpositionFormat::OpenMetrics,
        ),
    ] {
        let header = format!("Accept: {accept}\r\n");
        let answer = ask(served.server.address, "GET /metrics", &header)?;
        ensure!(
            answer.header("content-type") == Some(chosen.content_type()),
            "{accept}"
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_says_how_it_may_be_used() -> Result<()> {
    let served = Served::start(HttpLimits::default()).await?;
    for line in ["GET /metrics", "GET /", "GET /nowhere", "POST /metrics"] {
        let answer = ask(served.server.address, line, "")?;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
        ] {
            ensure!(
                answer.header(name) == Some(value),
                "{line}: {}",
                answer.head
            );
        }
        for name in ["date", "content-length", "content-security-policy"] {
            ensure!(answer.header(name).is_some(), "{line}: {}", answer.head);
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_requests_get_the_reason() -> Result<()> {
    let served = Served::start(HttpLimits::default()).await?;
    let address = served.server.address;
    let nowhere = ask(address, "GET /nowhere", "")?;
    let text = String::from_utf8(nowhere.body)?;
    ensure!(nowhere.head.starts_with("HTTP/1.1 404"));
    ensure!(
        text.contains("/api/tasks, ") && text.contains("/backends/huge/metrics"),
        "{text}"
    );

    let other = ask(address, "DELETE /metrics", "")?;
    ensure!(other.status() == Some(405) && other.header("allow") == Some("GET, HEAD"));

    for body in [
        "Content-Length: 3\r\n\r\nabc",
        "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    ] {
        let mut stream = connect(address)?;
        write!(stream, "GET /metrics HTTP/1.1\r\nHost: x\r\n{body}")?;
        let refused = one(&mut stream, 0)?;
        ensure!(refused.status() == Some(413), "{}", refused.head);
        ensure!(
            refused.header("connection") == Some("close"),
            "{}",
            refused.head
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_panics_is_an_error_of_the_server_and_nothing_else() -> Result<()> {
    let served = Served::start(HttpLimits::default()).await?;
    let mut stream = connect(served.server.address)?;
    let ask = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    stream.write_all(ask("/backends/broken/metrics").as_bytes())?;
    let answer = one(&mut stream, "the page could not be rendered\n".len())?;
    ensure!(answer.status() == Some(500), "{}", answer.head);
    // The connection stays usable.
    stream.write_all(ask("/api/tasks").as_bytes())?;
    ensure!(one(&mut stream, TASKS.len())?.body == TASKS.as_bytes());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_counted_by_page_and_code() -> Result<()> {
    let served = Served::start(HttpLimits::default()).await?;
    for line in ["GET /metrics", "HEAD /metrics", "GET /x", "GET /y", "PUT /"] {
        ask(served.server.address, line, "")?;
    }
    let counts = [
        (("metrics", 200), 2),
        (("other", 404), 2),
        (("page", 405), 1),
    ];
    ensure!(served.hits.requests() == counts, "{:?}", served.hits);
    ensure!(served.hits.rejected() == 0);
    Ok(())
}
