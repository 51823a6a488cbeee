use std::env;

use clap::ColorChoice;

/// Whether the output must not contain control sequences: `TERM` names a terminal without
/// them, or `NO_COLOR` is set.
pub(crate) fn is_plain() -> bool {
    let no_color = env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty());
    let terminal = env::var_os("TERM").filter(|it| !it.is_empty());
    no_color || terminal.is_none_or(|it| it == "dumb")
}

/// Color setting of the help texts. By default, clap also writes colors to a plain terminal
/// if `CI` is set.
pub(crate) fn colors() -> ColorChoice {
    match is_plain() {
        true => ColorChoice::Never,
        false => ColorChoice::Auto,
    }
}
