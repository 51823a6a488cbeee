//! What the command does for whoever calls it: what it serves, tells, writes,
//! reports and prints, and that it ends.

mod place;

mod serve;

mod clients;

mod check;

mod files;

mod faulty;

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
