//! The ledger of a backend that pushes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::collector::{Collector, Does, free};
use super::received::series;
use super::{BOTH, GUARD, Outcome, pushing_to, record, script};
use crate::exporter::{ExporterStatus, NotFlushed};
use crate::{MetricsBackend, OtlpMetrics, RunnerType};

fn balanced(status: &ExporterStatus) {
    let known =
        status.ledger.delivered() + status.ledger.dropped_total() + status.ledger.in_flight();
    assert_eq!(status.ledger.accepted(), known, "{status:?}");
}

#[test]
fn the_ledger_balances_whenever_it_is_looked_at() -> Outcome {
    const THREADS: u64 = 3;
    const EACH: u64 = 20_000;
    let collector = Collector::start(BOTH[0])?;
    let metrics = pushing_to(&collector).build()?;
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let recording = [(); THREADS as usize].map(|()| {
            scope.spawn(|| (0..EACH).for_each(|_| metrics.record_task_started(RunnerType::Wasm)))
        });
        scope.spawn(|| {
            // A flush waits for its push, so this loop does not spin.
            while !done.load(Ordering::Relaxed) {
                if metrics.flush(GUARD).is_err() {
                    break;
                }
            }
        });
        scope.spawn(|| {
            let mut before = 0;
            while !done.load(Ordering::Relaxed) {
                let status = metrics.status();
                balanced(&status);
                assert!(status.ledger.delivered() >= before, "{status:?}");
                before = status.ledger.delivered();
            }
        });
        for thread in recording {
            let _ = thread.join();
        }
        done.store(true, Ordering::Relaxed);
    });
    let status = metrics.shutdown(GUARD);
    assert_eq!(
        (status.ledger.accepted(), status.ledger.delivered()),
        (THREADS * EACH, THREADS * EACH)
    );
    let mut last = 0.0;
    while let Ok(push) = collector.try_push() {
        last = series(&push.message)[r#"solti_runner_tasks_started_total{runner="wasm"}"#];
    }
    assert_eq!(last, (THREADS * EACH) as f64);
    Ok(())
}

#[test]
fn records_during_a_push_are_not_delivered_by_it() -> Outcome {
    for protocol in BOTH {
        let collector = Collector::start(protocol)?;
        let metrics = pushing_to(&collector).build()?;
        collector.does(Does::Hold);
        record(&metrics, &script());
        thread::scope(|scope| -> Outcome {
            let flushed = scope.spawn(|| metrics.flush(GUARD));
            collector.push()?;
            (0..7).for_each(|_| metrics.record_task_started(RunnerType::Wasm));
            assert_eq!(metrics.status().ledger.delivered(), 0);
            collector.release();
            flushed.join().map_err(|_| "the flush has panicked")??;
            Ok(())
        })?;
        let status = metrics.status();
        assert_eq!(
            (status.ledger.delivered(), status.ledger.in_flight()),
            (script().len() as u64, 7)
        );
    }
    Ok(())
}

#[test]
fn a_shutdown_pushes_unflushed_records() -> Outcome {
    for protocol in BOTH {
        let collector = Collector::start(protocol)?;
        let metrics = pushing_to(&collector).build()?;
        record(&metrics, &script());
        let status = metrics.shutdown(GUARD);
        balanced(&status);
        assert_eq!(status.ledger.delivered(), script().len() as u64);
        assert_eq!(metrics.flush(GUARD), Err(NotFlushed::ShutDown));

        // A record after the end is dropped and counted.
        metrics.record_task_started(RunnerType::Wasm);
        let late = metrics.shutdown(GUARD);
        balanced(&late);
        assert_eq!(
            (
                late.ledger.dropped_total(),
                late.ledger.in_flight(),
                late.attempts
            ),
            (1, 0, 1)
        );
    }
    Ok(())
}

#[test]
fn records_without_an_accepted_push_are_dropped_at_the_shutdown() -> Outcome {
    for protocol in BOTH {
        let metrics = OtlpMetrics::builder(format!("http://{}", free()?))
            .protocol(protocol)
            .build()?;
        record(&metrics, &script());
        let status = metrics.shutdown(GUARD);
        balanced(&status);
        assert_eq!(status.ledger.dropped_total(), script().len() as u64);
        assert_eq!(
            (
                status.ledger.delivered(),
                status.ledger.in_flight(),
                status.failures
            ),
            (0, 0, 1)
        );
    }
    Ok(())
}

#[test]
fn a_collector_that_hangs_does_not_delay_a_shutdown() -> Outcome {
    for protocol in BOTH {
        let collector = Collector::start(protocol)?;
        // The wait would be a minute.
        let metrics = pushing_to(&collector).build()?;
        collector.does(Does::Hang);
        record(&metrics, &script());
        // One push is in progress.
        let wait = Duration::from_millis(1);
        assert_eq!(metrics.flush(wait), Err(NotFlushed::TooSlow(wait)));
        collector.push()?;
        let status = metrics.shutdown(Duration::from_millis(100));
        balanced(&status);
        assert_eq!(
            (status.ledger.delivered(), status.ledger.in_flight()),
            (0, 0)
        );
        assert_eq!(status.ledger.dropped_total(), script().len() as u64);
    }
    Ok(())
}

#[test]
fn a_backend_that_is_dropped_leaves_no_thread_behind() -> Outcome {
    let collector = Collector::start(BOTH[0])?;
    collector.does(Does::Hang);
    let metrics = pushing_to(&collector).build()?;
    let wait = Duration::from_millis(1);
    assert_eq!(metrics.flush(wait), Err(NotFlushed::TooSlow(wait)));
    collector.push()?;
    let account = Arc::downgrade(&metrics.account);
    drop(metrics);
    while account.strong_count() > 0 {
        thread::yield_now();
    }
    Ok(())
}

#[test]
fn dropping_it_pushes_in_the_background_and_its_ledger_tells() -> Outcome {
    for protocol in BOTH {
        let collector = Collector::start(protocol)?;
        let metrics = pushing_to(&collector).build()?;
        collector.does(Does::Hold);
        record(&metrics, &script());
        let (status, records) = (metrics.status_reader(), script().len() as u64);
        drop(metrics);
        // The drop did not wait for the push.
        assert_eq!(
            (status().ledger.in_flight(), status().ledger.delivered()),
            (records, 0)
        );
        collector.push()?;
        collector.release();
        while status().ledger.in_flight() > 0 {
            thread::yield_now();
        }
        balanced(&status());
        assert_eq!(
            (status().ledger.delivered(), status().ledger.dropped_total()),
            (records, 0)
        );
    }
    Ok(())
}

#[test]
fn dropping_the_backend_drops_records_that_no_collector_accepts() -> Outcome {
    for protocol in BOTH {
        let metrics = OtlpMetrics::builder(format!("http://{}", free()?))
            .protocol(protocol)
            .build()?;
        record(&metrics, &script());
        let status = metrics.status_reader();
        drop(metrics);
        while status().ledger.in_flight() > 0 {
            thread::yield_now();
        }
        balanced(&status());
        assert_eq!(status().ledger.dropped_total(), script().len() as u64);
    }
    Ok(())
}

#[test]
fn dropping_it_with_nothing_new_pushes_nothing() -> Outcome {
    let collector = Collector::start(BOTH[0])?;
    let metrics = pushing_to(&collector).build()?;
    record(&metrics, &script());
    metrics.flush(GUARD)?;
    collector.push()?;
    let status = metrics.status_reader();
    let account = Arc::downgrade(&metrics.account);
    drop(metrics);
    // The remaining reference is the reader's.
    while account.strong_count() > 1 {
        thread::yield_now();
    }
    assert!(collector.try_push().is_err());
    assert_eq!(status().attempts, 1);
    Ok(())
}

#[test]
fn a_shutdown_without_an_end_pushes_like_any_other() -> Outcome {
    // The last whole second of an instant, and a larger value.
    let near = Duration::from_secs(i64::MAX as u64);
    for within in [near, Duration::MAX] {
        let collector = Collector::start(BOTH[0])?;
        let metrics = pushing_to(&collector).build()?;
        record(&metrics, &script());
        let status = metrics.shutdown(within);
        assert_eq!(status.ledger.delivered(), script().len() as u64);
        collector.push()?;
    }
    Ok(())
}

#[test]
fn it_is_built_used_and_dropped_within_a_runtime_as_without_one() -> Outcome {
    let collector = Collector::start(BOTH[1])?;
    let builder = pushing_to(&collector);
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let status = runtime.block_on(async {
        drop(builder.clone().build()?);
        let metrics = Arc::new(builder.build()?);
        record(&metrics, &script());
        let shut_down = tokio::task::spawn_blocking(move || metrics.shutdown(GUARD));
        Ok::<_, Box<dyn std::error::Error>>(shut_down.await?)
    })?;
    assert_eq!(status.ledger.delivered(), script().len() as u64);
    Ok(())
}
