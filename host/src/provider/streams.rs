//! Standard streams of an instance.

use super::BackendOptions;
use super::stderr_tail::StderrTail;
use crate::wasi::GuestOutput;

/// Standard streams of an instance.
pub(super) struct Streams {
    pub(super) stdout: GuestOutput,
    pub(super) stderr: GuestOutput,
    stderr_tail: StderrTail,
}

/// Output of an instance that is gone.
#[derive(Debug, Default)]
pub(super) struct InstanceOutput {
    /// Bytes printed beyond the limit.
    pub(super) truncated: u64,
    /// Last output on standard error.
    pub(super) stderr_tail: Option<String>,
}

impl Streams {
    pub(super) fn new(options: &BackendOptions) -> Self {
        let limit = options.limits.output;
        let stderr_tail = StderrTail::default();
        Self {
            stdout: GuestOutput::new(options.stdout.clone(), limit),
            stderr: GuestOutput::new(options.stderr.clone(), limit)
                .observed_by(stderr_tail.observer()),
            stderr_tail,
        }
    }

    /// Waits until the last output has been written.
    pub(super) async fn finish(&self) -> InstanceOutput {
        let (stdout, stderr) = tokio::join!(self.stdout.finish(), self.stderr.finish());
        let truncated = stdout.1 + stderr.1;
        InstanceOutput {
            truncated,
            stderr_tail: self.stderr_tail.text(),
        }
    }
}
