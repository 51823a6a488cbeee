//! The command from its caller's view: serving, messages, files, reports, output, and its
//! end.

mod test_folder;

mod serve;

mod clients;

mod check;

mod files;

mod faulty;

mod address_space;
mod threads;

mod conformance;

mod conformance_report;

mod conforming_memory;

mod conforming_guests;

mod conformance_page;

mod vectors;

mod compose;

mod wit;

mod report;

mod grants;

mod terminal;

mod stdin;

mod signals;

mod written;

mod progress;

mod readers;

mod backends;

mod replacements;

mod drains;
