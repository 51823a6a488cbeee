//! `solti-metrics serve`: what it does, from outside.

#[path = "serve/begins.rs"]
mod begins;
#[path = "serve/readme.rs"]
mod readme;
#[path = "serve/room.rs"]
mod room;
