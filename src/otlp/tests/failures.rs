//! Failed pushes, and the next ones.

use std::time::Duration;

use super::collector::{Collector, Does, free};
use super::received::series;
use super::{BOTH, GUARD, Outcome, pushing_to, record, script};
use crate::OtlpMetrics;
use crate::exporter::NotFlushed;

/// The error of a flush that must fail.
fn refused(metrics: &OtlpMetrics) -> Result<String, Box<dyn std::error::Error>> {
    match metrics.flush(GUARD) {
        Err(NotFlushed::Refused(said)) => {
            assert_eq!(metrics.status().last_error.as_ref(), Some(&said));
            let target = format!("{}: ", metrics.target());
            let why = said.strip_prefix(&target);
            Ok(why.ok_or("it says where to")?.to_owned())
        }
        other => Err(format!("no failure: {other:?}").into()),
    }
}

#[test]
fn a_collector_that_starts_late_gets_all_totals() -> Outcome {
    for protocol in BOTH {
        let address = free()?;
        let metrics = OtlpMetrics::builder(format!("http://{address}"))
            .protocol(protocol)
            .interval(Duration::from_secs(3600))
            .build()?;
        let events = script();
        for failures in 1..4 {
            record(&metrics, &events);
            let said = refused(&metrics)?;
            assert!(said.contains("refused"), "{said}");
            let status = metrics.status();
            assert_eq!((status.attempts, status.failures), (failures, failures));
            let recorded = failures * events.len() as u64;
            assert_eq!(
                (status.ledger.in_flight(), status.ledger.delivered()),
                (recorded, 0)
            );
        }
        let collector = Collector::start_at(address, protocol, None)?;
        metrics.flush(GUARD)?;
        let late = series(&collector.push()?.message);

        let other = Collector::start(protocol)?;
        let metrics_of_other = pushing_to(&other).build()?;
        (0..3).for_each(|_| record(&metrics_of_other, &events));
        metrics_of_other.flush(GUARD)?;
        assert_eq!(late, series(&other.push()?.message));
        let status = metrics.status();
        assert_eq!(
            (status.attempts, status.failures, status.ledger.in_flight()),
            (4, 3, 0)
        );
        assert_eq!(status.ledger.delivered(), 3 * events.len() as u64);
    }
    Ok(())
}

#[test]
fn every_failure_is_reported_and_loses_no_record() -> Outcome {
    for protocol in BOTH {
        let http = protocol == BOTH[0];
        let collector = Collector::start(protocol)?;
        let metrics = pushing_to(&collector).build()?;
        let (unavailable, invalid) = if http { (503, 400) } else { (14, 3) };
        let (named, invalid_named) = if http {
            ("status 503", "status 400")
        } else {
            (
                "grpc status Unavailable: \"so be it\"",
                "grpc status InvalidArgument: \"so be it\"",
            )
        };
        for (does, expected) in [
            (Does::Refuse(unavailable, None), named),
            (Does::Refuse(invalid, None), invalid_named),
            (Does::Reject(2), r#"2 points were rejected: "too old\n""#),
            (Does::Close, ""),
        ] {
            record(&metrics, &script());
            collector.does(does);
            let said = refused(&metrics)?;
            assert!(said.starts_with(expected), "{does:?}: {said}");
            assert_eq!(metrics.status().ledger.delivered(), 0);
        }
        // The collector warns, and accepts all points.
        collector.does(Does::Reject(0));
        metrics.flush(GUARD)?;
        let status = metrics.shutdown(GUARD);
        assert_eq!(
            (
                status.failures,
                status.ledger.in_flight(),
                status.ledger.dropped_total()
            ),
            (4, 0, 0)
        );
        assert_eq!(status.ledger.delivered(), 4 * script().len() as u64);
    }
    Ok(())
}

#[test]
fn redirects_are_not_followed() -> Outcome {
    let collector = Collector::start(BOTH[0])?;
    let metrics = pushing_to(&collector).build()?;
    collector.does(Does::Refuse(307, None));
    let said = refused(&metrics)?;
    assert!(
        said.starts_with("status 307: redirects without a Location, and"),
        "{said}"
    );
    Ok(())
}

#[test]
fn a_push_to_a_collector_that_hangs_ends_at_the_deadline() -> Outcome {
    for protocol in BOTH {
        let collector = Collector::start(protocol)?;
        let metrics = pushing_to(&collector)
            .timeout(Duration::from_millis(50))
            .build()?;
        collector.does(Does::Hang);
        for _ in 0..3 {
            record(&metrics, &script());
            assert_eq!(refused(&metrics)?, "no answer within 50ms");
        }
        collector.must_be_left();
        collector.does(Does::Accept);
        // A busy machine can need more than these milliseconds.
        while metrics.flush(GUARD).is_err() {}
        assert_eq!(
            metrics.status().ledger.delivered(),
            3 * script().len() as u64
        );
    }
    Ok(())
}

#[test]
fn a_failed_push_is_tried_again_before_the_interval_has_passed() -> Outcome {
    for (protocol, busy) in BOTH.into_iter().zip([503, 14]) {
        let collector = Collector::start(protocol)?;
        // The interval is an hour, and the initial wait is a second.
        let metrics = pushing_to(&collector).build()?;
        collector.does(Does::Refuse(busy, None));
        record(&metrics, &script());
        refused(&metrics)?;
        collector.push()?;
        collector.does(Does::Accept);
        collector.push()?;
        while metrics.status().ledger.delivered() == 0 {
            std::thread::yield_now();
        }
    }
    Ok(())
}

#[test]
fn pushes_come_at_the_interval_without_being_asked_for() -> Outcome {
    let collector = Collector::start(BOTH[0])?;
    let metrics = pushing_to(&collector)
        .interval(Duration::from_millis(100))
        .build()?;
    record(&metrics, &script());
    for _ in 0..3 {
        collector.push()?;
    }
    Ok(())
}
