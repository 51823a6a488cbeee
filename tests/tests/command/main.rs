//! The command, as a child of the test: its subcommands, a runner that serves, and what the
//! README shows.

mod cli;
mod endurance;
mod readme;
mod serve;
