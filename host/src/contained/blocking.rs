use std::io;

use super::contained;

/// Work that blocks, and was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotRun {
    /// There is no thread for it, and none can be started.
    #[error("cannot start a thread: {0}")]
    NoThread(String),
    /// The runtime is shutting down.
    #[error("the runtime is shutting down")]
    ShutDown,
}

impl From<NotRun> for io::Error {
    fn from(not_run: NotRun) -> Self {
        Self::other(not_run)
    }
}

/// Does work that blocks, on a thread that the runtime has for that.
///
/// tokio panics where it has no such thread and the system starts none, which here is
/// an error. A runtime whose threads were started before, as those of the command and of
/// backends, never comes to that.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, NotRun> {
    contained(|| tokio::task::spawn_blocking(work))
        .map_err(NotRun::NoThread)?
        .await
        .map_err(|_| NotRun::ShutDown)
}
