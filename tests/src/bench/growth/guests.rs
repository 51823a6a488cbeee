use std::hint::black_box;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use solti_metrics::PrometheusMetrics;
use solti_metrics_host::MetricsCtx;
use solti_metrics_host::measure::{MeasureTarget, MeasuredGuest};

use crate::bench::rows::{recording, scraped};
use crate::bench::{Arrived, Result};
use crate::guest::component;

/// Throughput of many guests that record into one `PrometheusMetrics`, each in its own
/// thread and store. Times are wall-clock times. The fastest of several attempts counts:
/// other load on the machine only slows an attempt down.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Guests {
    /// Figures for one guest, two guests, and so on.
    pub(crate) at_once: Vec<AtOnce>,
    /// Work of two threads that only count, relative to one thread: the limit of the
    /// machine itself.
    pub(crate) two_threads: f64,
}

/// Throughput of a number of concurrent guests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct AtOnce {
    /// Number of guests.
    pub(crate) guests: usize,
    /// Records per second of all guests together.
    pub(crate) per_second: f64,
}

/// Records in one call of `main`.
const RECORDS: u32 = 10_000;

/// Approximate time of one attempt with one guest.
const ATTEMPT: Duration = Duration::from_millis(50);

impl Guests {
    pub(super) fn measure(most: usize, attempts: usize) -> Result<Self> {
        let bytes = component(&recording("solti:metrics/backend@0.1.0", RECORDS))?;
        let composed = MeasuredGuest::new(&bytes, true)?;
        let once = record(&composed, 1, 20)?;
        let calls = (20.0 * ATTEMPT.as_secs_f64() / once.as_secs_f64()).ceil() as u32;

        let mut per_second = vec![0.0_f64; most];
        let mut counted = [0.0_f64; 2];
        for _ in 0..attempts {
            for (best, guests) in per_second.iter_mut().zip(1..) {
                let records = guests as f64 * f64::from(calls) * f64::from(RECORDS);
                let time = record(&composed, guests, calls)?;
                *best = best.max(records / time.as_secs_f64());
            }
            for (best, threads) in counted.iter_mut().zip(1..) {
                let time = at_once(threads, || Ok(()), count)?;
                *best = best.max(threads as f64 / time.as_secs_f64());
            }
        }
        let at_once = (1..).zip(per_second);
        let at_once = at_once.map(|(guests, per_second)| AtOnce { guests, per_second });
        Ok(Self {
            at_once: at_once.collect(),
            two_threads: counted[1] / counted[0],
        })
    }

    /// Throughput of two guests relative to one guest.
    #[must_use]
    pub(crate) fn two_over_one(&self) -> Option<f64> {
        match self.at_once.as_slice() {
            [one, two, ..] => Some(two.per_second / one.per_second),
            _ => None,
        }
    }
}

/// The time that `guests` guests take for `calls` calls each.
fn record(composed: &MeasuredGuest, guests: usize, calls: u32) -> Result<Duration> {
    let metrics = Arc::new(PrometheusMetrics::new());
    let instance = || {
        let ctx = MetricsCtx::builder().handle(metrics.clone()).build();
        Ok(composed.instance(MeasureTarget::Ctx(Box::new(ctx)))?)
    };
    let time = at_once(guests, instance, |mut instance| {
        for _ in 0..calls {
            instance.call()?;
        }
        Ok(())
    })?;
    let made = guests as u64 * u64::from(calls) * u64::from(RECORDS);
    match scraped(&metrics)? {
        Arrived::Records { count, .. } if count == made => Ok(time),
        other => Err(format!("{made} records were made, and this arrived: {other:?}").into()),
    }
}

/// The time from the start of the first thread's work to the end of the last thread's
/// work.
fn at_once<T>(
    threads: usize,
    set_up: impl Fn() -> Result<T> + Sync,
    work: impl Fn(T) -> Result<()> + Sync,
) -> Result<Duration> {
    let together = Barrier::new(threads);
    let one = || {
        let ready = set_up();
        together.wait();
        let begun = Instant::now();
        work(ready?)?;
        Ok((begun, Instant::now()))
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        let mut times = Vec::new();
        for thread in threads {
            let result: Result<(Instant, Instant)> =
                thread.join().map_err(|_| "a thread panicked")?;
            times.push(result?);
        }
        let first = times.iter().map(|(begun, _)| *begun).min();
        let last = times.iter().map(|(_, ended)| *ended).max();
        let (first, last) = first.zip(last).ok_or("no threads")?;
        Ok(last.duration_since(first))
    })
}

/// About fifty milliseconds of work without memory.
fn count((): ()) -> Result<()> {
    let mut number = black_box(1_u64);
    for _ in 0..20_000_000 {
        number = black_box(number.rotate_left(5) ^ 0x9e37_79b9);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scaling_of_two_guests_is_their_throughput_relative_to_a_single_guest() {
        let at = |guests, per_second| AtOnce { guests, per_second };
        let guests = |at_once| Guests {
            at_once,
            two_threads: 2.0,
        };
        let three = guests(vec![at(1, 10.0), at(2, 19.0), at(3, 20.0)]);
        assert_eq!(three.two_over_one(), Some(1.9));
        assert_eq!(guests(vec![at(1, 10.0)]).two_over_one(), None);
    }
}
