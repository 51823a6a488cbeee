//! The cost of scrapes, in numbers that need no clock: bytes of a series, allocations of
//! an exposition, and allocations of an answer. A change that makes a number worse fails.
//! A change that makes a number better should lower the limit.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use allocation_counter::{AllocationInfo, measure};
use anyhow::{Context, Result, ensure};
use solti_metrics::{ExpositionFormat, PrometheusMetrics};
use solti_metrics_server::http::{
    Accept, Answering, Hits, HttpAccess, HttpLimits, HttpServer, Page, Route, Site,
};
use solti_metrics_server::{Configuration, Server};
use solti_metrics_tests::exposition::samples;
use solti_metrics_tests::guest::recording;
use tokio::runtime::{Builder, Runtime};

/// The formats, each with the maximum number of allocations of an exposition. The
/// measured numbers are 200 and 378. They are the same for any number of tasks, and most
/// of them are for the metrics that `prometheus-client` encodes.
const OF_AN_EXPOSITION: [(ExpositionFormat, u64); 2] = [
    (ExpositionFormat::OpenMetrics, 210),
    (ExpositionFormat::Text, 390),
];

/// Maximum bytes that an exposition allocates in total, for each byte of its text: the
/// text itself, reserved once, and the numbers of the tasks. The measured numbers are
/// 1.42 and 1.54.
const BYTES_OF_A_BYTE: f64 = 1.6;

/// Maximum bytes of a series of a task in an exposition: its name with labels, its value
/// and the line break. The name of the task has 16 bytes of them. The measured number is
/// 77.8.
const BYTES_OF_A_SERIES: f64 = 78.0;

/// Maximum number of allocations of an answer with a shared page, on a connection that
/// stays open. The measured number is four, and a few more in a thousand answers.
const OF_AN_ANSWER: f64 = 4.1;

#[test]
fn an_exposition_allocates_the_same_for_any_number_of_tasks() -> Result<()> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    for (format, most) in OF_AN_EXPOSITION {
        let few = exposition(&runtime, 1, format)?;
        let many = exposition(&runtime, 101, format)?;
        let (first, more) = (few.allocated.count_total, many.allocated.count_total);
        ensure!(
            first <= most && more <= first,
            "{format:?}: {first} allocations for a task, {more} for 101 tasks"
        );
        let bytes = many.allocated.bytes_total as f64 / many.text as f64;
        ensure!(
            bytes <= BYTES_OF_A_BYTE,
            "{format:?}: {bytes} bytes for each byte"
        );
        let bytes = (many.text - few.text) as f64 / (many.series - few.series) as f64;
        ensure!(
            bytes <= BYTES_OF_A_SERIES,
            "{format:?}: {bytes} bytes for each series"
        );
    }
    Ok(())
}

/// The cost of an exposition.
#[derive(Debug)]
struct Exposition {
    allocated: AllocationInfo,
    /// Length of the text.
    text: usize,
    series: usize,
}

/// The cost of an exposition with this number of tasks, each of which has run once.
fn exposition(runtime: &Runtime, tasks: usize, format: ExpositionFormat) -> Result<Exposition> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("guest.wasm"), recording(&[])?)?;
    let server = runtime.block_on(started(folder.path(), tasks))?;
    let ran = "outcome=\"success\"} 1\n";
    while server.exposition(format)?.matches(ran).count() < tasks {
        std::thread::yield_now();
    }
    let mut least: Option<Exposition> = None;
    for _ in 0..5 {
        let mut text = None;
        let allocated = measure(|| text = Some(server.exposition(format)));
        let text = text.transpose()?.context("no text")?;
        let count = allocated.count_total;
        if least
            .as_ref()
            .is_none_or(|it| count < it.allocated.count_total)
        {
            least = Some(Exposition {
                allocated,
                text: text.len(),
                series: samples(&text)?.len(),
            });
        }
    }
    runtime.block_on(server.stop());
    least.context("no exposition")
}

async fn started(folder: &Path, tasks: usize) -> Result<Server> {
    let mut configuration = "[compilation]\ncache = false\n".to_owned();
    for number in 0..tasks {
        configuration += &format!("[tasks.resize-image-{number:03}]\ncomponent = \"guest.wasm\"\n");
    }
    let configuration = Configuration::parse(&configuration, folder)?;
    let server = Server::builder(configuration).build().await?;
    server.start().await?;
    Ok(server)
}

#[test]
fn an_answer_with_a_shared_page_allocates_little() -> Result<()> {
    // This thread serves, and another thread scrapes: only allocations of this thread are
    // counted.
    let runtime = Builder::new_current_thread().enable_all().build()?;
    for headers in [
        "",
        "Accept-Encoding: gzip\r\n",
        "Accept: application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5\r\n\
         Accept-Encoding: gzip\r\n",
    ] {
        let server = runtime.block_on(serving())?;
        let mut connection = TcpStream::connect(server.address)?;
        // The first answers fill buffers and the table of pages.
        let mut allocated = [0; 2];
        for (at, answers) in [10, 1_000].into_iter().enumerate() {
            let mut ended = None;
            let request = request(server.address, headers);
            allocated[at] = measure(|| {
                ended = Some(runtime.block_on(scraped(&mut connection, request, answers)));
            })
            .count_total;
            ended.transpose()?;
        }
        let each = allocated[1] as f64 / 1_000.0;
        ensure!(each <= OF_AN_ANSWER, "{headers:?}: {each} allocations");
        runtime.block_on(server.stop());
    }
    Ok(())
}

/// A site with an exposition.
struct Scraped(PrometheusMetrics);

impl Site for Scraped {
    fn has(&self, route: Route<'_>) -> bool {
        route == Route::Metrics
    }

    fn answer<'a>(&'a self, _: Route<'a>, accept: Accept) -> Answering<'a> {
        Box::pin(async move { Page::of(&self.0, accept.exposition) })
    }

    fn exposed(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A server that shares a page for ever.
async fn serving() -> Result<HttpServer> {
    let site = Arc::new(Scraped(PrometheusMetrics::new()));
    let limits = HttpLimits {
        shared: std::time::Duration::from_secs(3600),
        ..HttpLimits::default()
    };
    let address = ([127, 0, 0, 1], 0).into();
    let hits = Arc::new(Hits::default());
    Ok(HttpServer::start(address, site, HttpAccess::default(), limits, hits).await?)
}

fn request(address: SocketAddr, headers: &str) -> String {
    format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\n{headers}\r\n")
}

/// Serves until another thread has this number of answers.
async fn scraped(connection: &mut TcpStream, request: String, answers: usize) -> Result<()> {
    let mut connection = connection.try_clone()?;
    let (sender, ended) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let scraping = (0..answers).try_for_each(|_| scrape(&mut connection, &request));
        // The receiver exists until then.
        let _ = sender.send(scraping);
    });
    ended.await?
}

/// Sends a request, and reads the whole answer.
fn scrape(connection: &mut TcpStream, request: &str) -> Result<()> {
    connection.write_all(request.as_bytes())?;
    let (mut answer, mut buffer) = (Vec::new(), [0; 16 << 10]);
    loop {
        let read = connection.read(&mut buffer)?;
        ensure!(read > 0, "closed within an answer");
        answer.extend_from_slice(&buffer[..read]);
        let Some(end) = answer.windows(4).position(|it| it == b"\r\n\r\n") else {
            continue;
        };
        let head = std::str::from_utf8(&answer[..end])?;
        ensure!(head.starts_with("HTTP/1.1 200 "), "{head}");
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.context("no length")?.parse()?;
        if answer.len() == end + 4 + length {
            return Ok(());
        }
    }
}
