//! `OtlpMetrics`: other projects' collectors have the recorded values after its pushes,
//! equal to a scrape.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use solti_metrics::{
    Event, ExpositionFormat, MetricsBackend, OtlpBuilder, OtlpMetrics, OtlpProtocol,
    PrometheusMetrics,
};
use solti_metrics_tests::reference_tool::ReferenceTool;
use solti_metrics_tests::script::script;
use solti_metrics_tests::series::Series;
use solti_metrics_tests::trial::Trial;

use crate::backends::otelsink::Otelsink;
use crate::backends::server::free_tcp;
use crate::backends::tested_provider::GUARD;
use crate::backends::victoria::{INSTANCE, SERVICE, Victoria, url};

pub(crate) fn trials() -> Vec<Trial> {
    let victoria = ReferenceTool::victoria_metrics();
    let oteltest = ReferenceTool::oteltest();
    vec![
        victoria.trial("a_native_push_has_the_numbers_of_a_scrape", scraped),
        victoria.trial(
            "a_native_backend_pushes_all_totals_to_a_late_collector",
            late,
        ),
        oteltest.trial(
            "opentelemetry_for_python_reads_a_push_over_http",
            |python| read_by_python(python, OtlpProtocol::HttpProtobuf),
        ),
        oteltest.trial(
            "opentelemetry_for_python_reads_a_push_over_grpc",
            |python| read_by_python(python, OtlpProtocol::Grpc),
        ),
    ]
}

fn scraped(program: &Path) -> Result<()> {
    let victoria = Victoria::start(program)?;
    let metrics = builder(url(victoria.address())).build()?;
    let prometheus = PrometheusMetrics::new();
    for _ in 0..2 {
        for events in [&script()[..], &part()] {
            record(&metrics, events);
            record(&prometheus, events);
        }
        metrics.flush(GUARD)?;
        let text = prometheus.encode(ExpositionFormat::OpenMetrics)?;
        let scrape = Series::read(&text)?;
        ensure!(scrape.len() == 27 + 12 * 18, "{}", scrape.len());
        victoria.must_show(&scrape)?;
    }
    without_loss(&metrics, 2 * (script().len() + part().len()))
}

fn late(program: &Path) -> Result<()> {
    let address = free_tcp()?;
    let metrics = builder(url(address)).build()?;
    let mut recorded = script();
    record(&metrics, &recorded);
    for failures in 1..3 {
        ensure!(metrics.flush(GUARD).is_err());
        let status = metrics.status();
        ensure!(status.failures == failures, "{status:?}");
        ensure!(
            status.ledger.in_flight() == recorded.len() as u64,
            "{status:?}"
        );
    }
    record(&metrics, &part());
    recorded.extend(part());
    let victoria = Victoria::start_at(program, address)?;
    metrics.flush(GUARD)?;
    victoria.must_show(&Series::of(&recorded)?)?;
    without_loss(&metrics, recorded.len())
}

fn read_by_python(python: &Path, protocol: OtlpProtocol) -> Result<()> {
    let mut sink = Otelsink::start(python, protocol)?;
    let metrics = builder(sink.url().to_owned())
        .protocol(protocol)
        .header("x-tenant", "a")
        .build()?;
    let mut recorded = Vec::new();
    for events in [script(), part()] {
        record(&metrics, &events);
        recorded.extend(events);
        metrics.flush(GUARD)?;
        let push = sink.push()?;
        Series::of(&recorded)?.must_equal(&push.series()?)?;
        ensure!(push.headers["x-tenant"] == "a", "{}", push.headers);
        let resource = ["service.name", "service.instance.id"].map(|key| push.resource(key));
        ensure!(resource == [Some(SERVICE), Some(INSTANCE)], "{resource:?}");
    }
    without_loss(&metrics, recorded.len())
}

/// A builder without pushes by time: the test triggers them.
fn builder(endpoint: String) -> OtlpBuilder {
    OtlpMetrics::builder(endpoint)
        .service_name(SERVICE)
        .service_instance_id(INSTANCE)
        .interval(Duration::from_secs(3600))
        .timeout(GUARD)
}

/// A part of the script, so that no two series grow alike.
fn part() -> Vec<Event> {
    script().into_iter().step_by(2).collect()
}

fn record(metrics: &dyn MetricsBackend, events: &[Event]) {
    for event in events {
        event.record_into(metrics);
    }
}

/// Shuts the exporter down, and asserts that it has delivered exactly these records.
fn without_loss(metrics: &OtlpMetrics, records: usize) -> Result<()> {
    let status = metrics.shutdown(GUARD);
    let found = (
        status.ledger.accepted(),
        status.ledger.delivered(),
        status.ledger.dropped_total(),
        status.ledger.in_flight(),
    );
    ensure!(
        found == (records as u64, records as u64, 0, 0),
        "{status:?}"
    );
    Ok(())
}
