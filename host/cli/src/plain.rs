use std::env;

use clap::ColorChoice;

/// Whether control sequences are of no use at the terminal, or not wanted: `TERM` names
/// none that has them, or `NO_COLOR` is set.
pub(crate) fn is_plain() -> bool {
    let no_color = env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty());
    let terminal = env::var_os("TERM").filter(|it| !it.is_empty());
    no_color || terminal.is_none_or(|it| it == "dumb")
}

/// Whether the texts of the command line itself have colours. Left to itself, clap writes
/// them at a plain terminal, too, where `CI` is set.
pub(crate) fn colors() -> ColorChoice {
    match is_plain() {
        true => ColorChoice::Never,
        false => ColorChoice::Auto,
    }
}
