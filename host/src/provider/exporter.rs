use std::future::pending;
use std::time::Duration;

use solti_metrics::exporter::{Exporter, ExporterStatus, NotFlushed, Parker};

use super::backend::ComponentBackend;
use super::error::NotRunning;
use super::status::BackendState;

/// For callers outside of an async runtime: these methods block.
impl Exporter for ComponentBackend {
    fn status(&self) -> ExporterStatus {
        self.supervision().exporter_status()
    }

    fn flush(&self, within: Duration) -> Result<(), NotFlushed> {
        let mut flushed = None;
        let flush = async { flushed = Some(Self::flush(self).await) };
        Parker::of_this_thread().wait(flush, pending(), within);
        match flushed {
            None => Err(NotFlushed::TooSlow(within)),
            Some(Ok(())) => Ok(()),
            Some(Err(NotRunning::State {
                state: BackendState::Draining | BackendState::Stopped,
            })) => Err(NotFlushed::ShutDown),
            Some(Err(error)) => Err(NotFlushed::Refused(error.to_string())),
        }
    }

    fn shutdown(&self, within: Duration) -> ExporterStatus {
        self.stop_blocking(within);
        self.supervision().exporter_status()
    }
}
