//! Runs a test on a separate thread and runtime.

use std::thread;
use std::time::Duration;

use solti_metrics_host::contained::contained;
use tokio::runtime::Builder;

use crate::error::Error;
use crate::report::Report;

/// Maximum wait for a thread that a component has left behind.
const LEFT_BEHIND: Duration = Duration::from_millis(100);

/// Runs a test to its end, on a separate thread and runtime. The caller may be on another
/// runtime, where a second one cannot start.
pub(crate) fn blocking<T>(test: impl FnOnce() -> T + Send) -> Result<Report, Error>
where
    T: Future<Output = Result<Report, Error>>,
{
    let thread = thread::Builder::new().name("conformance".into());
    thread::scope(|scope| {
        let test = thread
            .spawn_scoped(scope, || contained(|| block_on(test())))
            .map_err(|error| start_failed(&error))?;
        match test.join() {
            Ok(Ok(report)) => report,
            Ok(Err(panic)) => Err(Error::internal(panic)),
            Err(_) => Err(Error::internal("a panic")),
        }
    })
}

fn block_on(test: impl Future<Output = Result<Report, Error>>) -> Result<Report, Error> {
    // tokio panics if it cannot open enough descriptors.
    let runtime = contained(|| Builder::new_current_thread().enable_all().build())
        .map_err(|reason| Error::Thread { reason })?
        .map_err(|error| start_failed(&error))?;
    let report = runtime.block_on(test);
    runtime.shutdown_timeout(LEFT_BEHIND);
    report
}

fn start_failed(error: &std::io::Error) -> Error {
    Error::Thread {
        reason: error.to_string(),
    }
}
