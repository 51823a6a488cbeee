//! `solti-metrics serve`, from outside.

mod test_folder;

mod operate_page;
mod pool;
mod starts;

mod bounds;

mod schedules;

mod admission;

mod reloads;

mod stopping;

mod replacements;

mod removed;

mod roles;

mod unusable;

mod privileges;

mod unreachable;

mod entries;
mod many;

mod disk;

mod clients;
