//! The rules of the project that no compiler checks.

mod tree;

mod circles;
mod code;
mod exports;
mod first_build;
mod modules;

mod dependencies;

mod packages;

mod rust_version;

mod workflows;

mod sources;

mod prose;

mod markdown;

mod links;

mod book;

mod glossary;

mod language;

mod names;

mod supply_chain;

mod threat_model;
