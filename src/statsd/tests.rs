//! Tests of a backend with a server in the same process.

use std::error::Error;
use std::net::UdpSocket;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::*;
use crate::DropReason;

mod away;

type Result<T = (), E = Box<dyn Error>> = std::result::Result<T, E>;

/// Time limit far above the duration of every test.
const GUARD: Duration = Duration::from_secs(30);

const STARTED: Event = Event::TaskStarted {
    runner: RunnerType::Wasm,
};

fn completed(duration_ms: u64) -> Event {
    Event::TaskCompleted {
        runner: RunnerType::Wasm,
        outcome: TaskOutcome::Success,
        duration_ms,
    }
}

fn server() -> Result<UdpSocket> {
    let server = UdpSocket::bind("127.0.0.1:0")?;
    server.set_read_timeout(Some(GUARD))?;
    Ok(server)
}

/// A backend that gathers until it is shut down, or many records have come.
fn to(server: &UdpSocket) -> Result<StatsdBuilder> {
    let address = server.local_addr()?.to_string();
    Ok(StatsdMetrics::builder(address).gather(Duration::MAX))
}

fn received(server: &UdpSocket) -> Result<String> {
    let mut buffer = [0; 65_536];
    let length = server.recv(&mut buffer)?;
    Ok(String::from_utf8(buffer[..length].to_vec())?)
}

/// Waits until no record is in flight.
fn settled(metrics: &StatsdMetrics) -> Result<ExporterStatus> {
    let started = Instant::now();
    loop {
        let status = metrics.status();
        if status.ledger.in_flight() == 0 {
            return Ok(status);
        }
        if started.elapsed() > GUARD {
            return Err(format!("not settled: {status:?}").into());
        }
        thread::yield_now();
    }
}

const ONE_OF_EACH: [Event; 3] = [
    STARTED,
    Event::TaskCompleted {
        runner: RunnerType::Container,
        outcome: TaskOutcome::Timeout,
        duration_ms: u64::MAX,
    },
    Event::RunnerError {
        runner: RunnerType::Subprocess,
        error: RunnerErrorKind::SpawnFailed,
    },
];

#[test]
fn a_record_of_each_kind_is_written_as_statsd_reads_it() -> Result {
    let server = server()?;
    let metrics = to(&server)?.build()?;
    ONE_OF_EACH
        .iter()
        .for_each(|event| event.record_into(&metrics));
    let status = metrics.shutdown(GUARD);
    assert_eq!(
        (status.ledger.accepted(), status.ledger.delivered()),
        (3, 3)
    );
    assert_eq!((status.attempts, status.failures), (1, 0));
    let expected = "solti.runner_errors.subprocess.spawn_failed:1|c\n\
                    solti.tasks_completed.container.timeout:1|c\n\
                    solti.tasks_started.wasm:1|c\n\
                    solti.task_duration.container.timeout:18446744073709551615|ms";
    assert_eq!(received(&server)?, expected);
    Ok(())
}

#[test]
fn a_record_of_each_kind_is_written_as_dogstatsd_reads_it() -> Result {
    let server = server()?;
    let metrics = to(&server)?
        .dialect(StatsdDialect::DogStatsd)
        .prefix("")
        .tag("env", "a|b\nc:1|c")
        .tag("zone", "eu-1")
        .build()?;
    metrics.record_batch(&ONE_OF_EACH)?;
    metrics.shutdown(GUARD);
    let tags = "env:a_b_c_1_c,zone:eu-1";
    let expected = format!(
        "runner_errors:1|c|#{tags},runner:subprocess,error:spawn_failed\n\
         tasks_completed:1|c|#{tags},runner:container,outcome:timeout\n\
         tasks_started:1|c|#{tags},runner:wasm\n\
         task_duration:18446744073709551615|ms|#{tags},runner:container,outcome:timeout"
    );
    assert_eq!(received(&server)?, expected);
    Ok(())
}

#[test]
fn many_records_are_packed_and_none_is_sent_twice() -> Result {
    let server = server()?;
    let metrics = to(&server)?.build()?;
    let events: Vec<_> = (0..200).map(completed).collect();
    metrics.record_batch(&events)?;
    let status = metrics.shutdown(GUARD);
    assert_eq!(status.ledger.delivered(), 200);
    let (mut sum, mut durations) = (0, Vec::new());
    for _ in 0..status.attempts {
        let datagram = received(&server)?;
        assert!(datagram.len() <= StatsdMetrics::DATAGRAM);
        for line in datagram.lines() {
            if let Some(rest) = line.strip_prefix("solti.task_duration.wasm.success:") {
                durations.push(rest.trim_end_matches("|ms").parse::<u64>()?);
            } else {
                let rest = line.strip_prefix("solti.tasks_completed.wasm.success:");
                let rest = rest.ok_or(line)?;
                sum += rest.trim_end_matches("|c").parse::<u64>()?;
            }
        }
    }
    assert_eq!(sum, 200);
    assert_eq!(durations, (0..200).collect::<Vec<_>>());
    // Six datagrams are the minimum for all records.
    assert_eq!(status.attempts, 6);
    Ok(())
}

#[test]
fn records_are_sent_without_a_flush() -> Result {
    let server = server()?;
    let metrics = to(&server)?.gather(Duration::from_millis(1)).build()?;
    for _ in 0..3 {
        metrics.record_task_started(RunnerType::Wasm);
        assert_eq!(received(&server)?, "solti.tasks_started.wasm:1|c");
        assert_eq!(settled(&metrics)?.ledger.dropped_total(), 0);
    }
    Ok(())
}

#[test]
fn a_small_queue_under_many_threads_loses_no_count() -> Result {
    let server = server()?;
    let metrics = to(&server)?
        .gather(Duration::ZERO)
        .queue_capacity(8)
        .build()?;
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..5_000 {
                    metrics.record_task_started(RunnerType::Wasm);
                    let status = metrics.status();
                    assert!(status.queued <= 8, "{status:?}");
                    let known = status.ledger.delivered() + status.ledger.dropped_total();
                    assert_eq!(status.ledger.accepted(), known + status.ledger.in_flight());
                }
            });
        }
    });
    let status = metrics.shutdown(GUARD);
    assert_eq!(
        (status.ledger.accepted(), status.ledger.in_flight()),
        (20_000, 0)
    );
    let dropped = |reason| status.ledger.dropped(reason);
    let others = [DropReason::BackendFailed, DropReason::ShutDown].map(dropped);
    assert_eq!(others, [0, 0]);
    let full = dropped(DropReason::QueueFull);
    assert_eq!(status.ledger.delivered() + full, 20_000);
    Ok(())
}

#[test]
fn a_flush_sends_the_records_from_before_it() -> Result {
    let server = server()?;
    let metrics = to(&server)?.build()?;
    metrics.flush(GUARD)?;
    for _ in 0..3 {
        metrics.record_task_started(RunnerType::Wasm);
        metrics.flush(GUARD)?;
        assert_eq!(metrics.status().ledger.in_flight(), 0);
        assert_eq!(received(&server)?, "solti.tasks_started.wasm:1|c");
    }
    metrics.shutdown(GUARD);
    assert_eq!(metrics.flush(GUARD), Err(NotFlushed::ShutDown));
    Ok(())
}

#[test]
fn records_after_the_end_are_dropped() -> Result {
    let server = server()?;
    let metrics = to(&server)?.build()?;
    metrics.record_task_started(RunnerType::Wasm);
    assert_eq!(metrics.shutdown(GUARD).ledger.delivered(), 1);
    metrics.record_batch(&ONE_OF_EACH)?;
    metrics.record_task_started(RunnerType::Wasm);
    let status = metrics.shutdown(Duration::MAX);
    assert_eq!(
        (
            status.ledger.delivered(),
            status.ledger.dropped(DropReason::ShutDown)
        ),
        (1, 4)
    );
    assert_eq!((status.ledger.in_flight(), status.queued), (0, 0));
    Ok(())
}

#[test]
fn an_end_without_time_leaves_nothing_in_flight() -> Result {
    let server = server()?;
    for _ in 0..50 {
        let metrics = to(&server)?.build()?;
        metrics.record_batch(&[STARTED; 100])?;
        let status = metrics.shutdown(Duration::ZERO);
        assert_eq!(status.ledger.in_flight(), 0);
        assert_eq!(
            status.ledger.delivered() + status.ledger.dropped(DropReason::ShutDown),
            100
        );
    }
    Ok(())
}

#[test]
fn an_end_amid_records_of_other_threads_leaves_none_behind() -> Result {
    let server = server()?;
    for within in [Duration::ZERO, GUARD].repeat(20) {
        let metrics = to(&server)?.gather(Duration::ZERO).build()?;
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| (0..500).for_each(|_| STARTED.record_into(&metrics)));
            }
            metrics.shutdown(within);
        });
        let status = metrics.status();
        assert_eq!(
            (status.ledger.accepted(), status.ledger.in_flight()),
            (1_500, 0)
        );
        assert_eq!(status.queued, 0);
    }
    Ok(())
}

#[test]
fn dropping_the_backend_sends_queued_records_and_its_ledger_counts_them() -> Result {
    let server = server()?;
    let metrics = to(&server)?.build()?;
    metrics.record_task_started(RunnerType::Wasm);
    let (status, mailbox) = (metrics.status_reader(), Arc::downgrade(&metrics.mailbox));
    drop(metrics);
    assert_eq!(received(&server)?, "solti.tasks_started.wasm:1|c");
    // The thread ends, and releases its reference.
    while mailbox.strong_count() > 1 {
        thread::yield_now();
    }
    let status = status();
    assert_eq!(
        (status.ledger.delivered(), status.ledger.in_flight()),
        (1, 0)
    );
    Ok(())
}

#[test]
fn odd_settings_are_bounded_or_rejected() -> Result {
    let server = server()?;
    let odd = to(&server)?
        .queue_capacity(0)
        .gather(Duration::ZERO)
        .prefix("...");
    odd.build()?.record_task_started(RunnerType::Wasm);
    assert_eq!(received(&server)?, "tasks_started.wasm:1|c");
    assert!(matches!(
        to(&server)?.tag("env", "x").build(),
        Err(StatsdError::TagsInPlain)
    ));
    Ok(())
}
