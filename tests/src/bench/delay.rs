//! The time from a record until its arrival at the backend, as distributions.

mod queue;
mod ring;

use super::Result;
use super::latency::Times;

/// The delays of one way of a record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Delay {
    /// A short name.
    pub(crate) name: &'static str,
    /// The measured records, as a sentence for the page.
    pub(crate) about: &'static str,
    /// Number of records.
    pub(crate) records: usize,
    pub(crate) times: Times,
}

/// Numbers of records.
#[derive(Debug, Clone, Copy)]
pub(super) struct Records {
    /// Records without a pause.
    pub(super) many: u32,
    /// Records with a pause of some milliseconds each.
    pub(super) few: u32,
}

pub(super) fn measure(records: Records) -> Result<Vec<Delay>> {
    let delay = |name, about, delays: Vec<u64>| {
        Ok(Delay {
            name,
            about,
            records: delays.len(),
            times: Times::of(delays)?,
        })
    };
    [
        delay(
            "ring, records without a pause",
            "A guest records as often as it can look at the clock. The ring is drained when it is full.",
            ring::without_a_pause(records.many)?,
        ),
        delay(
            "ring, more than a tick between records",
            "A guest of the runner computes after each record, and calls no function of the host. The ring is drained at the next tick of the epoch, which comes every 10 ms.",
            ring::at_ticks(records.few)?,
        ),
        delay(
            "queue, after a pause",
            "A single record wakes the worker of a component backend. It has arrived when the ledger counts it as delivered.",
            queue::after_a_pause(records.few)?,
        ),
        delay(
            "queue, 1,024 records at once",
            "The first records wake the worker. The others gather to a batch for up to 1 ms, the default of `linger`.",
            queue::at_once(records.few)?,
        ),
    ]
    .into_iter()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_record_has_a_delay() -> Result<()> {
        let delays = measure(Records {
            many: 1_000,
            few: 3,
        })?;
        let records: Vec<_> = delays.iter().map(|delay| delay.records).collect();
        assert_eq!(records, [1_000, 3, 3, 3 * 1_024]);
        assert!(delays.iter().all(|delay| delay.times.longest > 0));
        Ok(())
    }
}
