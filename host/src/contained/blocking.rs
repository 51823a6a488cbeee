use std::io;

use super::contained;

/// Blocking work that was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BlockingError {
    /// No thread is free, and none can be started.
    #[error("cannot start a thread: {0}")]
    NoThread(String),
    /// The runtime is shutting down.
    #[error("the runtime is shutting down")]
    ShutDown,
}

impl From<BlockingError> for io::Error {
    fn from(not_run: BlockingError) -> Self {
        Self::other(not_run)
    }
}

/// Runs blocking work on a thread of the runtime.
///
/// tokio panics if it has no such thread and the system starts none; this function returns an error
/// instead. A runtime whose threads were started before, as those of the command and of backends,
/// never does.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, BlockingError> {
    contained(|| tokio::task::spawn_blocking(work))
        .map_err(BlockingError::NoThread)?
        .await
        .map_err(|_| BlockingError::ShutDown)
}
