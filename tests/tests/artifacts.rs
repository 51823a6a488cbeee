//! Machine code: what is kept is used if nobody has touched it and is made anew if
//! somebody has, and compiling is bounded, whatever is compiled.

#[path = "artifacts/place.rs"]
mod place;

#[path = "artifacts/kept.rs"]
mod kept;

#[path = "artifacts/authentic.rs"]
mod authentic;

#[path = "artifacts/sharing.rs"]
mod sharing;

#[path = "artifacts/room.rs"]
mod room;

#[path = "artifacts/folders.rs"]
mod folders;

#[path = "artifacts/precompiled.rs"]
mod precompiled;

#[path = "artifacts/unread.rs"]
mod unread;

#[path = "artifacts/process_limits.rs"]
mod process_limits;

#[path = "artifacts/doubling.rs"]
mod doubling;

#[path = "artifacts/without_proc.rs"]
mod without_proc;

#[path = "artifacts/engines.rs"]
mod engines;

#[path = "artifacts/bombs.rs"]
mod bombs;

#[path = "artifacts/compiler.rs"]
mod compiler;

#[path = "artifacts/counted.rs"]
mod counted;
