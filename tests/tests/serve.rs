//! `solti-metrics serve`: what it does, from outside.

#[path = "serve/place.rs"]
mod place;

#[path = "serve/begins.rs"]
mod begins;
#[path = "serve/readme.rs"]
mod readme;
#[path = "serve/room.rs"]
mod room;

#[path = "serve/bounds.rs"]
mod bounds;

#[path = "serve/schedules.rs"]
mod schedules;

#[path = "serve/admission.rs"]
mod admission;

#[path = "serve/reloads.rs"]
mod reloads;

#[path = "serve/stopping.rs"]
mod stopping;

#[path = "serve/exchanges.rs"]
mod exchanges;

#[path = "serve/retired.rs"]
mod retired;

#[path = "serve/roles.rs"]
mod roles;

#[path = "serve/unusable.rs"]
mod unusable;

#[path = "serve/unreachable.rs"]
mod unreachable;

#[path = "serve/entries.rs"]
mod entries;

#[path = "serve/disk.rs"]
mod disk;

#[path = "serve/clients.rs"]
mod clients;
