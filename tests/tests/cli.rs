//! What the command does for whoever calls it: what it serves, tells, writes,
//! reports and prints, and that it ends.

#[path = "cli/place.rs"]
mod place;

#[path = "cli/serve.rs"]
mod serve;

#[path = "cli/clients.rs"]
mod clients;

#[path = "cli/check.rs"]
mod check;

#[path = "cli/files.rs"]
mod files;

#[path = "cli/faulty.rs"]
mod faulty;

#[path = "cli/threads.rs"]
mod threads;

#[path = "cli/conformance.rs"]
mod conformance;

#[path = "cli/conformance_report.rs"]
mod conformance_report;

#[path = "cli/conforming_memory.rs"]
mod conforming_memory;

#[path = "cli/conforming_guests.rs"]
mod conforming_guests;

#[path = "cli/conformance_page.rs"]
mod conformance_page;

#[path = "cli/vectors.rs"]
mod vectors;

#[path = "cli/compose.rs"]
mod compose;

#[path = "cli/wit.rs"]
mod wit;

#[path = "cli/report.rs"]
mod report;

#[path = "cli/grants.rs"]
mod grants;

#[path = "cli/terminal.rs"]
mod terminal;

#[path = "cli/stdin.rs"]
mod stdin;

#[path = "cli/signals.rs"]
mod signals;

#[path = "cli/written.rs"]
mod written;

#[path = "cli/progress.rs"]
mod progress;

#[path = "cli/readers.rs"]
mod readers;

#[path = "cli/backends.rs"]
mod backends;

#[path = "cli/swaps.rs"]
mod swaps;

#[path = "cli/drains.rs"]
mod drains;
