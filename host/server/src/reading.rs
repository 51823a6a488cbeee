//! Reads files on separate threads, so that a blocked file system does not block signals.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use solti_metrics_host::text::printable;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::error::Error;

/// Maximum time to read one file. A file system that does not answer would block a reload
/// for ever.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// Maximum number of reads that are blocked. Each occupies a thread until it returns.
const MOST_STUCK: usize = 4;

/// Reads of one owner. Clones share their limit.
#[derive(Debug, Clone)]
pub(crate) struct Reads(Arc<Semaphore>);

impl Default for Reads {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MOST_STUCK)))
    }
}

impl Reads {
    /// Returns the result of `read`, which reads this file and may block.
    pub(crate) async fn in_time<T: Send + 'static>(
        &self,
        file: &Path,
        read: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        within(READ_TIMEOUT, &self.0, file, read).await
    }
}

async fn within<T: Send + 'static>(
    time: Duration,
    reads: &Arc<Semaphore>,
    file: &Path,
    read: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    let Ok(permit) = Arc::clone(reads).try_acquire_owned() else {
        return Err(Error::TooManyReads {
            file: file.into(),
            reads: MOST_STUCK,
        });
    };
    let reading = spawn_blocking(move || {
        let read = read();
        drop(permit);
        read
    });
    match timeout(time, reading).await {
        Ok(read) => read.map_err(|source| {
            let file = printable(&file.display().to_string());
            Error::aborted(format!("{file}: reading"))(source)
        }),
        Err(_) => Err(Error::ReadTimedOut {
            file: file.into(),
            within: time,
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[tokio::test]
    async fn blocked_reads_time_out_and_too_many_of_them_reject_further_reads() {
        let reads = Arc::new(Semaphore::new(1));
        let (go, gone) = channel::<()>();
        let file = Path::new("silent");
        let stuck = within(Duration::from_millis(1), &reads, file, move || {
            gone.recv().is_ok()
        });
        let error = stuck.await.map_err(|error| error.to_string());
        let late = "silent: reading takes longer than 1ms; check its file system";
        assert_eq!(error, Err(late.into()));
        let more = within(READ_TIMEOUT, &reads, file, || true).await;
        let error = more.map_err(|error| error.to_string());
        assert!(error.is_err_and(|error| error.contains("not read")));
        // A blocked read that returns releases its permit.
        assert!(go.send(()).is_ok());
        drop(reads.acquire().await);
        let read = within(READ_TIMEOUT, &reads, file, || true).await;
        assert!(read.is_ok_and(|read| read));
    }
}
