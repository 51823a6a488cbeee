//! The totals in a push.

use std::process;

use opentelemetry_proto::tonic::metrics::v1::metric;

use super::collector::Collector;
use super::received::{Series, attributes, metrics, series};
use super::{BOTH, GUARD, Outcome, pushing_to, record, script};
use crate::otlp_encoding::{OtlpMessage, Resource};
use crate::totals::SeriesTotals;
use crate::{Event, MetricNames, MetricsBackend, RunnerType};

/// The sum of these events, in the series that are not histograms.
fn counted(events: &[Event]) -> Series {
    let mut counted = Series::new();
    for event in events {
        let key = match event {
            Event::TaskStarted { runner } => {
                format!("tasks_started_total{{runner=\"{}\"}}", runner.as_label())
            }
            Event::TaskCompleted {
                runner, outcome, ..
            } => format!(
                "tasks_completed_total{{runner=\"{}\",outcome=\"{}\"}}",
                runner.as_label(),
                outcome.as_label()
            ),
            Event::RunnerError { runner, error } => format!(
                "errors_total{{runner=\"{}\",error=\"{}\"}}",
                runner.as_label(),
                error.as_label()
            ),
        };
        *counted.entry(format!("solti_runner_{key}")).or_default() += 1.0;
    }
    counted
}

#[test]
fn totals_that_arrive_are_those_recorded() -> Outcome {
    for protocol in BOTH {
        let collector = Collector::start(protocol)?;
        let metrics = pushing_to(&collector).build()?;
        let mut recorded = script();
        record(&metrics, &recorded);
        metrics.flush(GUARD)?;
        metrics.record_batch(&recorded)?;
        recorded.extend(script());
        metrics.flush(GUARD)?;

        collector.push()?;
        let mut arrived = series(&collector.push()?.message);
        arrived.retain(|key, _| !key.contains("seconds"));
        assert_eq!(arrived, counted(&recorded), "{protocol:?}");
        let status = metrics.shutdown(GUARD);
        assert_eq!(status.ledger.delivered(), recorded.len() as u64);
        assert_eq!((status.attempts, status.failures), (3, 0));
    }
    Ok(())
}

#[cfg(feature = "prometheus")]
#[test]
fn every_number_is_the_one_that_prometheus_is_shown() -> Outcome {
    use crate::{ExpositionFormat, PrometheusMetrics, TaskOutcome};

    let collector = Collector::start(BOTH[0])?;
    let (metrics, scraped) = (pushing_to(&collector).build()?, PrometheusMetrics::new());
    // In a sum of floats, the last duration would absorb all others.
    let mut recorded = script();
    recorded.extend(
        [u64::MAX / 2, 1, 1 << 60].map(|duration_ms| Event::TaskCompleted {
            runner: RunnerType::Wasm,
            outcome: TaskOutcome::Timeout,
            duration_ms,
        }),
    );
    record(&metrics, &recorded);
    record(&scraped, &recorded);
    metrics.flush(GUARD)?;
    let text = scraped.encode(ExpositionFormat::Text)?;
    let mut expected = Series::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (key, value) = line.rsplit_once(' ').ok_or("a sample has a value")?;
        expected.insert(key.to_owned(), value.parse()?);
    }
    let arrived = series(&collector.push()?.message);
    assert!(arrived.keys().eq(expected.keys()));
    for (key, value) in arrived {
        assert_eq!(value, expected[&key], "{key}");
    }
    Ok(())
}

#[test]
fn counters_exist_from_the_start_and_histograms_from_their_first_task() -> Outcome {
    let collector = Collector::start(BOTH[0])?;
    let metrics = pushing_to(&collector).build()?;
    metrics.flush(GUARD)?;
    let first = series(&collector.push()?.message);
    assert_eq!(first.len(), 3 + 12 + 12);
    assert!(first.values().all(|value| *value == 0.0));
    record(&metrics, &script());
    metrics.flush(GUARD)?;
    assert_eq!(series(&collector.push()?.message).len(), 27 + 12 * 18);
    Ok(())
}

#[test]
fn a_push_does_not_grow_with_the_number_of_records() -> Outcome {
    use prost::Message;

    let collector = Collector::start(BOTH[0])?;
    let metrics = pushing_to(&collector).build()?;
    let mut lengths = Vec::new();
    for _ in 0..3 {
        for _ in 0..50 {
            metrics.record_batch(&script())?;
        }
        metrics.flush(GUARD)?;
        lengths.push(collector.push()?.message.encoded_len());
    }
    assert_eq!(lengths, [lengths[0]; 3]);
    assert!(lengths[0] < 16 << 10, "{lengths:?}");
    Ok(())
}

#[test]
fn names_and_units_are_those_of_the_convention_that_was_chosen() -> Outcome {
    let units = ["{task}", "{task}", "s", "{error}"];
    for (names, expected) in [
        (
            MetricNames::Prometheus,
            [
                "solti_runner_tasks_started_total",
                "solti_runner_tasks_completed_total",
                "solti_runner_task_duration_seconds",
                "solti_runner_errors_total",
            ],
        ),
        (
            MetricNames::OpenTelemetry,
            [
                "solti.runner.tasks.started",
                "solti.runner.tasks.completed",
                "solti.runner.task.duration",
                "solti.runner.errors",
            ],
        ),
    ] {
        let collector = Collector::start(BOTH[0])?;
        let backend = pushing_to(&collector).names(names).build()?;
        backend.record_task_started(RunnerType::Wasm);
        backend.flush(GUARD)?;
        let message = collector.push()?.message;
        let metrics = metrics(&message).iter();
        let found: Vec<_> = metrics.map(|m| (&*m.name, &*m.unit)).collect();
        assert_eq!(found, expected.into_iter().zip(units).collect::<Vec<_>>());
    }
    Ok(())
}

#[test]
fn the_resource_identifies_the_source() -> Outcome {
    let collector = Collector::start(BOTH[0])?;
    let metrics = pushing_to(&collector).build()?;
    metrics.flush(GUARD)?;
    let push = collector.push()?;
    let found = attributes(&push.message);
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found["service.name"], "solti-runner");
    assert_eq!(found["service.instance.id"].len(), 36);

    let metrics = pushing_to(&collector)
        .service_name("a")
        .service_version("1")
        .service_instance_id("b")
        .attribute("team", "c")
        .process(true)
        .build()?;
    metrics.flush(GUARD)?;
    let push = collector.push()?;
    let mut found = attributes(&push.message);
    // Present if the system reports it.
    found.remove("host.name");
    let pid = process::id().to_string();
    let expected = [
        ("process.pid", &*pid),
        ("service.instance.id", "b"),
        ("service.name", "a"),
        ("service.version", "1"),
        ("team", "c"),
    ];
    let expected = expected.map(|(key, value)| (key, value.to_owned()));
    assert_eq!(found, expected.into_iter().collect());
    Ok(())
}

#[test]
fn headers_and_paths_are_those_that_were_given() -> Outcome {
    for protocol in BOTH {
        let collector = Collector::start(protocol)?;
        let metrics = pushing_to(&collector)
            .header("Authorization", "Bearer hunter2")
            .header("x-tenant", "a")
            .build()?;
        metrics.flush(GUARD)?;
        let push = collector.push()?;
        assert_eq!(push.headers["authorization"], "Bearer hunter2");
        assert_eq!(push.headers["x-tenant"], "a");
        let agent = push.headers["user-agent"].to_str()?;
        assert!(agent.starts_with("solti-metrics/"), "{agent}");
        let (path, kind) = match protocol {
            super::OtlpProtocol::HttpProtobuf => ("/v1/metrics", "application/x-protobuf"),
            super::OtlpProtocol::Grpc => (
                "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
                "application/grpc",
            ),
        };
        assert_eq!(push.path, path);
        assert_eq!(push.headers["content-type"], kind);
        assert!(!format!("{metrics:?}").contains("hunter2"));
    }
    Ok(())
}

#[test]
fn no_point_ends_before_its_start_if_the_clock_is_set_back() -> Outcome {
    let message = OtlpMessage {
        resource: Resource::default(),
        names: MetricNames::default(),
        start: 3_600,
    };
    for (now, said) in [(10, 3_600), (3_600, 3_600), (7_200, 7_200)] {
        let request = message.request(&SeriesTotals::default(), now);
        let metrics = &request.resource_metrics[0].scope_metrics[0].metrics;
        let Some(metric::Data::Sum(sum)) = &metrics[0].data else {
            return Err(format!("{metrics:?}").into());
        };
        for point in &sum.data_points {
            assert_eq!(point.start_time_unix_nano, 3_600);
            assert_eq!(point.time_unix_nano, said);
        }
    }
    Ok(())
}
