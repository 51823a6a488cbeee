//! Machine code: what is kept is used if nobody has touched it and is made anew if
//! somebody has, and compiling is bounded, whatever is compiled.

mod place;

mod kept;

mod authentic;

mod sharing;

mod room;

mod folders;

mod precompiled;

mod unread;

mod process_limits;

mod doubling;

mod without_proc;

mod engines;

mod bombs;

mod compiler;

mod counted;
