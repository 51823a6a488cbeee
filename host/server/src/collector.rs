//! Metrics of the runner itself. All label values are names of the configuration or
//! entries of closed lists.

mod family;
mod machine;
mod tasks;

use std::fmt;
use std::sync::{Arc, Weak};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

use crate::http::HitsCollector;
use crate::live::Live;
use family::FamilyEncoder;
pub(super) use machine::process_start;

/// Exports the metrics of a running server. The collector is registered before the server
/// exists, and exports nothing until then.
#[derive(Debug, Clone, Default)]
pub(super) struct LiveCollector(Arc<parking_lot::Mutex<Weak<Live>>>);

impl LiveCollector {
    pub(super) fn tell(&self, live: &Arc<Live>) {
        *self.0.lock() = Arc::downgrade(live);
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live")
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

impl Collector for LiveCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let live = self.0.lock().upgrade();
        let Some(live) = live else { return Ok(()) };
        tasks::encode(&live, &mut FamilyEncoder(&mut encoder))?;
        machine::encode(&live, &mut FamilyEncoder(&mut encoder))?;
        HitsCollector(Arc::clone(&live.hits)).encode(encoder)
    }
}
