//! Heads of requests to the HTTP server, and the negotiation of formats and encodings.

mod answer;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use arbitrary::Unstructured;
use hyper::StatusCode;
use solti_metrics::ExpositionFormat;
use solti_metrics_server::http::{
    Accept, Answering, Hits, HttpAccess, HttpLimits, HttpServer, Page, Route, Site,
};
use tokio::runtime::Runtime;

use crate::reach::reached;
use crate::target::{Limits, Target};
use answer::Received;

pub(super) const TARGET: Target = Target {
    name: "http_requests",
    run,
    seeds: &[],
    words: &[
        "GET / HTTP/1.1\r\n", "HEAD /metrics HTTP/1.1\r\n", "POST ", "HTTP/1.0\r\n", "Host: localhost\r\n", "Host: a@b\r\n",
        "Accept: */*\r\n", "Accept-Encoding: gzip\r\n", "Connection: close\r\n", "Content-Length: 5\r\n", "\r\n\r\n",
        "Transfer-Encoding: chunked\r\n", "Expect: 100-continue\r\n", "Upgrade: h2c\r\n", "application/openmetrics-text",
        "version=1.0.0", "text/plain", "text/*", "*/*", ";q=0.5", ";q=0", ",", "gzip", "x-gzip", "identity", "*", ";",
        "/backends/a/metrics", "/api/tasks", "%2e%2e", "http://localhost/metrics", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
    longest: 20 << 10,
    limits: Limits::SMALL,
};

/// Bound of waits on a connection.
const GUARD: Duration = Duration::from_secs(30);

/// Paths of structured requests, and whether the site has them.
const PATHS: [(&str, bool); 6] = [
    ("/", true),
    ("/metrics", true),
    ("/api/tasks?a=b", true),
    ("/backends/a/metrics", true),
    ("/backends/b/metrics", false),
    ("/other", false),
];

/// Values of the headers `Accept` and `Accept-Encoding` in structured requests. Some have the same
/// length.
const VALUES: [&str; 12] = [
    "gzip",
    "zstd",
    "*",
    "identity",
    "gzip;q=0",
    "br;q=0.5",
    "*;q=0, gzip",
    "*/*",
    "text/plain",
    "application/openmetrics-text",
    "application/openmetrics-text;q=0.5, text/plain",
    "application/openmetrics-text;version=0.0.1",
];

/// A site whose pages repeat their path.
struct Paths;

impl Site for Paths {
    fn has(&self, route: Route<'_>) -> bool {
        !matches!(route, Route::BackendMetrics(name) if name != "a")
    }

    fn answer<'a>(&'a self, route: Route<'a>, accept: Accept) -> Answering<'a> {
        let text = page(&route.path());
        Box::pin(async move {
            if route.is_exposition() {
                Page::new(accept.exposition.content_type(), text)
            } else {
                Page::text(StatusCode::OK, text)
            }
        })
    }

    fn exposed(&self) -> Vec<String> {
        vec!["a".to_owned()]
    }
}

/// A text that is long enough to be compressed.
fn page(path: &str) -> String {
    format!("the page {path}\n").repeat(200)
}

struct Served {
    _runtime: Runtime,
    server: HttpServer,
    hits: Arc<Hits>,
}

static SERVED: LazyLock<Result<Served>> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let hits = Arc::new(Hits::default());
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let (access, limits) = (HttpAccess::default(), HttpLimits::default());
    let server = HttpServer::start(address, Arc::new(Paths), access, limits, hits.clone());
    let server = runtime.block_on(server)?;
    Ok(Served {
        _runtime: runtime,
        server,
        hits,
    })
});

fn run(input: &[u8]) -> Result<()> {
    let served = SERVED.as_ref().map_err(|error| anyhow!("{error:#}"))?;
    let address = served.server.address;
    // A request is text, so that a seed is readable. Its first byte selects the form.
    match input.split_first() {
        Some((b'0'..=b'9', rest)) => negotiated(address, rest)?,
        _ => raw(address, input)?,
    }
    let kinds = served.hits.requests();
    for ((label, status), _) in &kinds {
        let labels = Route::FIXED.map(Route::as_label);
        let is_known = labels.contains(label) || ["backend_metrics", "other"].contains(label);
        ensure!(is_known && is_answer(*status), "{label} with {status}");
    }
    Ok(())
}

/// A server that is not broken has no other status.
fn is_answer(status: u16) -> bool {
    [200, 400, 404, 405, 408, 413, 414, 417, 421, 431, 501, 503, 505].contains(&status)
}

/// Any bytes get answers or none, and all answers are well formed.
fn raw(address: SocketAddr, input: &[u8]) -> Result<()> {
    let mut stream = connect(address)?;
    // The server may close the connection before it has read everything.
    let _ = stream.write_all(input);
    let _ = stream.shutdown(Shutdown::Write);
    let mut rest = &*read(&mut stream)?;
    let is_head = input.windows(4).any(|it| it == b"HEAD");
    while !rest.is_empty() {
        let (answer, after) = Received::split(rest, is_head)?;
        ensure!(is_answer(answer.status), "the status {}", answer.status);
        // The length of an answer to HEAD belongs to no body.
        rest = if is_head { &[] } else { after };
    }
    Ok(())
}

/// Several requests on one connection: each answer has the format of its own request.
fn negotiated(address: SocketAddr, input: &[u8]) -> Result<()> {
    let input = &mut Unstructured::new(input);
    let (mut stream, mut requests) = (connect(address)?, Vec::new());
    for last in (0..input.int_in_range(1..=4)?).rev() {
        let (path, exists) = *input.choose(&PATHS)?;
        let accept = if input.ratio(1, 4)? { None } else { Some(value(input)?) };
        let encoding = if input.ratio(1, 4)? { None } else { Some(value(input)?) };
        let mut head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n");
        for (name, value) in [("Accept", &accept), ("Accept-Encoding", &encoding)] {
            if let Some(value) = value {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        head.push_str(if last == 0 { "Connection: close\r\n\r\n" } else { "\r\n" });
        stream.write_all(head.as_bytes())?;
        requests.push((path, exists, accept.unwrap_or_default(), encoding.unwrap_or_default()));
    }
    let received = read(&mut stream)?;
    let mut rest = &*received;
    for (path, exists, accept, encoding) in requests {
        let (answer, after) = Received::split(rest, false)?;
        rest = after;
        ensure!(answer.status == if exists { 200 } else { 404 }, "{path}: {answer:?}");
        let zipped = answer.header("content-encoding") == Some("gzip");
        let asks = ["gzip", "*"].iter().any(|it| encoding.to_ascii_lowercase().contains(it));
        ensure!(asks || !zipped, "gzip for {encoding:?}");
        ensure!(zipped || encoding != "gzip" || !exists, "no gzip for {path}");
        if exists {
            let path = path.split('?').next().unwrap_or_default();
            ensure!(answer.text()? == page(path), "another page for {path}");
        }
        if exists && path.ends_with("metrics") {
            let format = ExpositionFormat::negotiate(&accept).content_type();
            let media = answer.header("content-type");
            ensure!(media == Some(format), "{media:?} for {accept:?}");
        }
    }
    reached();
    ensure!(rest.is_empty(), "{} bytes follow the last answer", rest.len());
    Ok(())
}

/// A value that any client can send: visible ASCII.
fn value(input: &mut Unstructured<'_>) -> Result<String> {
    if input.ratio(2, 3)? {
        return Ok((*input.choose(&VALUES)?).to_owned());
    }
    let length = input.int_in_range(0..=120)?.min(input.len());
    let bytes = input.bytes(length)?.iter();
    let text: String = bytes.map(|it| char::from(it % 95 + 32)).collect();
    Ok(text.trim().to_owned())
}

fn connect(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, GUARD)?;
    stream.set_read_timeout(Some(GUARD))?;
    stream.set_write_timeout(Some(GUARD))?;
    Ok(stream)
}

/// All bytes until the server closes the connection.
fn read(stream: &mut TcpStream) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        // The server closed it with bytes of the client unread.
        Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(bytes),
        Err(error) => Err(error).context("the server did not close the connection"),
    }
}
