//! What a step of a vector says, done.

use std::time::{Duration, Instant};

use super::ended::Ended;
use super::session::Session;
use crate::vector::{Record, Step};

/// So many records are handed over at first, before it is known how long they take.
const FIRST: usize = 8;

/// So many at most; the queue has room for twice as many.
const MOST: usize = 32_768;

/// As long as so many are taken in this time, they become more.
const BRISK: Duration = Duration::from_millis(20);

impl Session<'_> {
    /// Does a step that has no steps of its own.
    pub(super) async fn step(&mut self, step: &Step, in_round: bool) -> Result<(), Ended> {
        let optional_interfaces = self.instance.status().optional_interfaces;
        match step {
            Step::Record { records, repeat } => self.record(records, *repeat, in_round).await,
            Step::Flush {} if optional_interfaces.lifecycle => self.flush().await,
            Step::Expose { expect } if optional_interfaces.exposition => {
                self.expose(expect.as_deref()).await
            }
            Step::Restart {} => self.restart().await,
            Step::Flush {} | Step::Expose { .. } | Step::Rounds { .. } => Ok(()),
        }
    }

    async fn record(
        &mut self,
        records: &[Record],
        repeat: Option<u64>,
        in_round: bool,
    ) -> Result<(), Ended> {
        let many = self.options().records;
        let once = records.len() as u64;
        let written = once * repeat.unwrap_or(1);
        let wanted = match many {
            Some(many) if repeat.is_some() && !in_round => many.div_ceil(once) * once,
            _ => written,
        };
        self.as_written &= wanted == written;
        let bounded = in_round || many.is_none();
        let mut cycle = records.iter().map(|record| record.0).cycle();
        let (mut left, mut chunk) = (wanted, FIRST);
        let mut events = Vec::new();
        while left > 0 {
            let now = chunk.min(usize::try_from(left).unwrap_or(usize::MAX));
            events.clear();
            events.extend(cycle.by_ref().take(now));
            let began = Instant::now();
            self.give(&events).await?;
            left -= now as u64;
            if began.elapsed() < BRISK {
                chunk = (2 * chunk).min(MOST);
            }
            if bounded && left > 0 && self.is_late() {
                self.as_written = false;
                self.shortened = Some(wanted);
                break;
            }
        }
        Ok(())
    }
}
