//! The protocol between Prometheus and a runner.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::exposition::samples;
use solti_metrics_tests::http::ask;
use solti_metrics_tests::prometheus::{Job, Prometheus};
use solti_metrics_tests::served::{FILE, Served, serve};

use crate::scraped::tap::Tap;

pub(crate) fn openmetrics(prometheus: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let served = Served::start(folder.path(), "")?;
    let tap = Tap::before(served.address()?)?;
    let prometheus = Prometheus::start(prometheus, &[Job::runners(&[tap.address])])?;
    let asked = tap.head("get /metrics ")?;
    ensure!(asked.contains("application/openmetrics-text"), "{asked}");
    ensure!(asked.contains("accept-encoding: gzip"), "{asked}");
    let answered = tap.head("http/1.1 200 ")?;
    let is_openmetrics = "content-type: application/openmetrics-text; version=1.0.0";
    ensure!(answered.contains(is_openmetrics), "{answered}");
    ensure!(answered.contains("content-encoding: gzip"), "{answered}");

    prometheus.until("up", |up| up == 1.0)?;
    let target = prometheus.json("/api/v1/targets")?["activeTargets"][0].take();
    ensure!(
        target["lastError"] == "" && target["health"] == "up",
        "{target}"
    );
    // Only in OpenMetrics does the family of a counter lack the suffix `_total`.
    let family = "/api/v1/targets/metadata?metric=solti_runner_tasks_started";
    let family = prometheus.json(family)?[0].take();
    ensure!(family["type"] == "counter", "{family}");

    // Prometheus stored all series. The family of requests has one series by then.
    let accept = "Accept: application/openmetrics-text; version=1.0.0\r\n";
    let page = ask(served.address()?, "GET", "/metrics", accept)?.body;
    let samples = samples(&page)?.len();
    prometheus.until("scrape_samples_scraped", |scraped| {
        scraped == samples as f64
    })?;
    Ok(())
}

pub(crate) fn with_a_token(prometheus: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let token = folder.path().join("token");
    fs::write(&token, "open-sesame-and-all-the-doors\n")?;
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600))?;
    let config = "[server]\nlisten = \"127.0.0.1:0\"\ntoken_file = \"token\"\n\
                  [log]\nformat = \"json\"\n";
    let mut serve = serve(folder.path(), &[FILE]);
    let served = Served::start_with(&mut serve, folder.path(), config)?;
    let targets = [served.address()?];
    let with = Job {
        name: "with",
        token: Some(&token),
        ..Job::runners(&targets)
    };
    let without = Job {
        name: "without",
        ..Job::runners(&targets)
    };
    let prometheus = Prometheus::start(prometheus, &[with, without])?;
    prometheus.until(r#"up{job="with"}"#, |up| up == 1.0)?;
    prometheus.until(r#"up{job="without"}"#, |up| up == 0.0)?;
    let targets = prometheus.json("/api/v1/targets")?["activeTargets"].take();
    let refused = targets.as_array().context("no targets")?.iter();
    let refused: Vec<_> = refused
        .filter(|target| target["lastError"] != "")
        .map(|target| (&target["labels"]["job"], &target["lastError"]))
        .collect();
    let [(job, error)] = refused[..] else {
        anyhow::bail!("{targets}");
    };
    let error = error.as_str().unwrap_or_default();
    ensure!(
        job == "without" && error.contains("401"),
        "{job} has {error}"
    );
    let turned_away = r#"solti_metrics_http_requests_total{page="metrics",code="401"}"#;
    prometheus.until(turned_away, |times| times >= 1.0)?;
    Ok(())
}
