//! The command, as a child process of the test: its subcommands, a runner that serves,
//! and the README's commands.

mod cli;
mod endurance;
mod readme;
mod serve;
