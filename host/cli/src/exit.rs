use std::io;
use std::process::ExitCode;

use crate::signals::code;
use crate::whole::to_stdout;

/// How the command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: everything went well.
    Good,
    /// 1: something did not.
    Failed,
    /// 2: the command was used wrongly.
    Misused,
    /// 128 and the signal's number: the command was asked a second time to stop.
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

/// Writes a whole text to standard output. A reader that has seen enough
/// (`| head`) is no error.
pub(crate) fn print(text: &str) -> io::Result<()> {
    match to_stdout(text.as_bytes()) {
        Err(torn) if torn.error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}
