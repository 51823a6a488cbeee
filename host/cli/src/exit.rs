use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

/// How the command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: everything went well.
    Good,
    /// 1: something did not.
    Failed,
    /// 2: the command was used wrongly.
    Misused,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Good => 0,
            Exit::Failed => 1,
            Exit::Misused => 2,
        })
    }
}

/// Says something on standard error. If nobody can hear it, that is no reason
/// to fail.
///
/// A guest has a say in some of what is printed here: in what it trapped with,
/// and in the names of its functions. Control characters are shown, not sent to
/// the terminal.
pub(crate) fn complain(message: fmt::Arguments<'_>) {
    let mut text = String::new();
    for character in message.to_string().chars() {
        match character {
            '\n' => text.push('\n'),
            shown if !shown.is_control() => text.push(shown),
            hidden => text.extend(hidden.escape_default()),
        }
    }
    let _ = writeln!(io::stderr(), "{text}");
}

/// Writes a whole text to standard output. A reader that has seen enough
/// (`| head`) is no error.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
