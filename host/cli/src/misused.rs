use std::env;
use std::ffi::OsString;
use std::process;

use clap::{Command, Error};
use solti_metrics_host::text::{escaped, is_hidden};

use crate::messages::print_message_now;

/// Prints the error of invalid arguments, or the help that they request, and ends this
/// process. Hidden characters of the arguments are escaped in the output: the arguments are
/// escaped and parsed again, and the second error is printed.
pub(crate) fn misused(error: &Error, command: Command) -> ! {
    let text = error.to_string();
    let is_hidden = |it: char| it != '\n' && is_hidden(it);
    let args: Vec<_> = env::args_os().collect();
    let args = args.iter().map(|it| it.to_string_lossy());
    let args: Vec<_> = args.map(|it| escaped(&it).into_owned()).collect();
    let plain = env::args_os().eq(args.iter().map(OsString::from));
    if error.use_stderr() && !plain {
        if let Err(same) = command.try_get_matches_from(args)
            && same.kind() == error.kind()
        {
            same.exit();
        }
        if text.contains(is_hidden) {
            let lines: Vec<_> = text.lines().map(escaped).collect();
            print_message_now(format_args!("{}", lines.join("\n  ")));
            process::exit(error.exit_code());
        }
    }
    error.exit()
}
