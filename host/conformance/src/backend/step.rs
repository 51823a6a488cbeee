//! Runs a step of a vector.

use std::time::{Duration, Instant};

use super::session::VectorSession;
use super::vector_end::VectorEnd;
use crate::vector::{VectorRecord, VectorStep};

/// Number of records in the first chunk, before the speed is known.
const FIRST: usize = 8;

/// Maximum number of records in a chunk. The queue holds twice as many.
const MOST: usize = 32_768;

/// The next chunk doubles if the instance receives a chunk within this time.
const BRISK: Duration = Duration::from_millis(20);

impl VectorSession<'_> {
    /// Runs a step without steps of its own.
    pub(super) async fn step(
        &mut self,
        step: &VectorStep,
        in_round: bool,
    ) -> Result<(), VectorEnd> {
        let optional_interfaces = self.instance.status().optional_interfaces;
        match step {
            VectorStep::Record { records, repeat } => self.record(records, *repeat, in_round).await,
            VectorStep::Flush {} if optional_interfaces.lifecycle => self.flush().await,
            VectorStep::Expose { expect } if optional_interfaces.exposition => {
                self.expose(expect.as_deref()).await
            }
            VectorStep::Restart {} => self.restart().await,
            VectorStep::Flush {} | VectorStep::Expose { .. } | VectorStep::Rounds { .. } => Ok(()),
        }
    }

    async fn record(
        &mut self,
        records: &[VectorRecord],
        repeat: Option<u64>,
        in_round: bool,
    ) -> Result<(), VectorEnd> {
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
            let start = Instant::now();
            self.give(&events).await?;
            left -= now as u64;
            if start.elapsed() < BRISK {
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
