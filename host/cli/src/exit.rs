use std::io;
use std::process::ExitCode;

use crate::signals::code;
use crate::whole::to_stdout;

/// Exit code of the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: the command succeeded.
    Good,
    /// 1: the command failed.
    Failed,
    /// 2: the command line or the configuration is invalid.
    Misused,
    /// 128 plus the signal number: a second signal forced the exit.
    Forced(i32),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Good => 0,
            Exit::Failed => 1,
            Exit::Misused => 2,
            Exit::Forced(signal) => u8::try_from(code(signal)).unwrap_or(1),
        })
    }
}

/// Writes a text to standard output. A reader that closes the pipe early (`| head`) is not
/// an error.
pub(crate) fn print(text: &str) -> io::Result<()> {
    match to_stdout(text.as_bytes()) {
        Err(torn) if torn.error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}
