//! Tests of pages that several clients share.

use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Result, ensure};
use flate2::read::GzDecoder;

use super::client::{ask, read, send, until_closed};
use super::served::{HUGE, Served, until};
use crate::http::HttpLimits;

const FOR_EVER: Duration = Duration::from_secs(3600);

fn sharing_for(shared: Duration) -> HttpLimits {
    HttpLimits {
        shared,
        ..HttpLimits::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_rendered_once_for_all_waiting_requests() -> Result<()> {
    let served = Served::start(sharing_for(FOR_EVER)).await?;
    let address = served.server.address;
    let waiting: Vec<_> = (0..50)
        .map(|_| send(address, "GET /api/backends", ""))
        .collect::<Result<_>>()?;
    until("all wait", || served.hits.open() == 50).await?;
    served.shelf.gate.add_permits(1);
    for stream in waiting {
        ensure!(read(stream)?.status() == Some(200));
    }
    ensure!(served.shelf.made.load(Ordering::SeqCst) == 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_shared_by_requests_of_the_same_format() -> Result<()> {
    let served = Served::start(sharing_for(FOR_EVER)).await?;
    let forms = [
        "",
        "Accept-Encoding: gzip\r\n",
        "Accept: application/openmetrics-text\r\n",
        "Accept: application/openmetrics-text\r\nAccept-Encoding: gzip\r\n",
    ];
    let mut lengths = Vec::new();
    for _ in 0..3 {
        for form in forms {
            let answer = ask(served.server.address, "GET /metrics", form)?;
            ensure!(answer.status() == Some(200), "{form}: {}", answer.head);
            let head = ask(served.server.address, "HEAD /metrics", form)?;
            let length = head.header("content-length").map(str::parse::<usize>);
            ensure!(
                length == Some(Ok(answer.body.len())),
                "{form}: {}",
                head.head
            );
            lengths.push(answer.body.len());
        }
    }
    ensure!(lengths[..4] == lengths[4..8] && lengths[4..8] == lengths[8..]);
    // The compressed pages are made of the others.
    ensure!(served.shelf.made.load(Ordering::SeqCst) == forms.len() / 2);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_with_and_without_gzip_get_the_same_rendering() -> Result<()> {
    for first in ["", "Accept-Encoding: gzip\r\n"] {
        let served = Served::start(sharing_for(FOR_EVER)).await?;
        for form in [first, "Accept-Encoding: gzip\r\n", ""] {
            let answer = ask(served.server.address, "GET /metrics", form)?;
            let is_gzipped = answer.header("content-encoding") == Some("gzip");
            ensure!(is_gzipped != form.is_empty(), "{form}: {}", answer.head);
            let text = match is_gzipped {
                true => std::io::read_to_string(GzDecoder::new(&*answer.body))?,
                false => String::from_utf8(answer.body)?,
            };
            ensure!(text == served.shelf.metrics);
        }
        ensure!(served.shelf.made.load(Ordering::SeqCst) == 1);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_has_older_data_than_the_limit() -> Result<()> {
    let gzip = "Accept-Encoding: gzip\r\n";
    for forms in [["", ""], [gzip, gzip], ["", gzip], [gzip, ""]] {
        let served = Served::start(sharing_for(Duration::ZERO)).await?;
        let address = served.server.address;
        let first = send(address, "GET /api/backends", forms[0])?;
        let inside = || served.shelf.inside.load(Ordering::SeqCst);
        until("it is being made", || inside() == 1).await?;
        let second = send(address, "GET /api/backends", forms[1])?;
        until("both wait", || served.hits.open() == 2).await?;
        served.shelf.gate.add_permits(1);
        ensure!(read(first)?.status() == Some(200));
        until("the next one is being made", || inside() == 1).await?;
        served.shelf.gate.add_permits(1);
        ensure!(read(second)?.status() == Some(200));
        let shelf = &served.shelf;
        ensure!(shelf.made.load(Ordering::SeqCst) == 2 && shelf.most.load(Ordering::SeqCst) == 1);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_site_is_seen_at_once() -> Result<()> {
    let served = Served::start(sharing_for(FOR_EVER)).await?;
    for made in 1..=3 {
        for _ in 0..2 {
            ask(served.server.address, "GET /api/tasks", "")?;
            ensure!(served.shelf.made.load(Ordering::SeqCst) == made);
        }
        served.shelf.edition.fetch_add(1, Ordering::SeqCst);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_is_not_shared_with_later_requests() -> Result<()> {
    let served = Served::start(sharing_for(FOR_EVER)).await?;
    for (page, status) in [("absent", 503), ("broken", 500)] {
        let before = served.shelf.made.load(Ordering::SeqCst);
        for asked in 1..=2 {
            let line = format!("GET /backends/{page}/metrics");
            let answer = ask(served.server.address, &line, "")?;
            ensure!(answer.status() == Some(status), "{}", answer.head);
            ensure!(served.shelf.made.load(Ordering::SeqCst) == before + asked);
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_readers_of_large_pages_take_bounded_memory() -> Result<()> {
    let limits = HttpLimits {
        page_bytes: 2 * HUGE + 1,
        shared: Duration::ZERO,
        ..HttpLimits::default()
    };
    let served = Served::start(limits).await?;
    let (address, hits) = (served.server.address, &served.hits);
    let line = "GET /backends/huge/metrics";
    let answered = || -> u64 {
        let requests = hits.requests().into_iter();
        requests.map(|(_, count)| count).sum()
    };
    let mut slow = Vec::new();
    for number in 1..=6 {
        slow.push(send(address, line, "")?);
        until("it is answered", || answered() == number).await?;
        ensure!(hits.held() <= 2 * HUGE + 1, "{} bytes", hits.held());
    }
    // The slowest readers were disconnected to free memory for the others.
    ensure!(hits.slow_readers() == 4, "{}", hits.slow_readers());
    for mut stream in slow.drain(..4) {
        ensure!(until_closed(&mut stream)?.len() < HUGE);
    }
    // The other readers get the complete page.
    let answer = ask(address, line, "")?;
    ensure!(answer.body.len() == HUGE, "{}", answer.body.len());
    drop(slow);
    until("all of it is free", || hits.held() == 0).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_is_evicted_for_others() -> Result<()> {
    let limits = HttpLimits {
        connections: 2,
        reading: Duration::ZERO,
        ..HttpLimits::default()
    };
    let served = Served::start(limits).await?;
    let address = served.server.address;
    let slow: Vec<_> = (0..2)
        .map(|_| send(address, "GET /backends/huge/metrics", ""))
        .collect::<Result<_>>()?;
    until("both are answered", || {
        served.hits.requests().iter().any(|(_, count)| *count == 2)
    })
    .await?;
    let answer = ask(address, "GET /metrics", "")?;
    ensure!(answer.status() == Some(200), "{}", answer.head);
    ensure!(served.hits.slow_readers() == 1 && served.hits.rejected() == 1);
    drop(slow);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_too_large_says_so() -> Result<()> {
    let limits = HttpLimits {
        page_bytes: 2 * HUGE - 2,
        ..HttpLimits::default()
    };
    let served = Served::start(limits).await?;
    let answer = ask(served.server.address, "GET /backends/huge/metrics", "")?;
    ensure!(answer.status() == Some(500), "{}", answer.head);
    let text = String::from_utf8(answer.body)?;
    ensure!(text == format!("the page has {HUGE} bytes; the maximum is {}\n", HUGE - 1));
    Ok(())
}
