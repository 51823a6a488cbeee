//! `solti-metrics serve`, from outside.

mod place;

mod begins;
mod readme;
mod room;

mod bounds;

mod schedules;

mod admission;

mod reloads;

mod stopping;

mod exchanges;

mod retired;

mod roles;

mod unusable;

mod unreachable;

mod entries;

mod disk;

mod clients;
