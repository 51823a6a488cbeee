//! The command, as a child of the test: its subcommands, a runner that serves, and the
//! commands of the README and of the pages to which it leads.

mod campaign;
mod cli;
mod crashes;
mod endurance;
mod pages;
mod serve;
