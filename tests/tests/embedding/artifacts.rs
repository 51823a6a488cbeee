//! Compiled code: authentic cached code is used, other code is compiled again, and
//! compilation is bounded for each component.

mod test_folder;

mod cached_runner;

mod authentic;

mod sharing;

mod cache_size;

mod folders;

mod precompiled;

mod unread;

mod process_limits;

pub(crate) mod doubling;

mod without_proc;

mod engines;

mod bombs;

mod compiler;

mod counted;
