use super::BackendOptions;
use super::last_words::LastWords;
use crate::wasi::GuestOutput;

/// What an instance prints to.
pub(super) struct Streams {
    pub(super) stdout: GuestOutput,
    pub(super) stderr: GuestOutput,
    last_words: LastWords,
}

/// What is left of an instance that is gone.
#[derive(Debug, Default)]
pub(super) struct Remains {
    /// How many bytes it printed beyond the limit.
    pub(super) swallowed: u64,
    /// What it said last.
    pub(super) last_words: Option<String>,
}

impl Streams {
    pub(super) fn new(options: &BackendOptions) -> Self {
        let limit = options.limits.output;
        let last_words = LastWords::default();
        Self {
            stdout: GuestOutput::new(options.stdout.clone(), limit),
            stderr: GuestOutput::new(options.stderr.clone(), limit).heard_by(last_words.ear()),
            last_words,
        }
    }

    /// Waits until what it printed last has gone on.
    pub(super) async fn finish(&self) -> Remains {
        let (stdout, stderr) = tokio::join!(self.stdout.finish(), self.stderr.finish());
        let swallowed = stdout.1 + stderr.1;
        Remains {
            swallowed,
            last_words: self.last_words.text(),
        }
    }
}
