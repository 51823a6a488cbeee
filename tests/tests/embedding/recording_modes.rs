//! Both recording modes are equivalent. A guest has the same visible results in both, and
//! its records before its end are never lost.

mod ends;
mod fallback;
mod guests;
mod inlining;
mod program;
mod random;
mod rejected;
mod runs;
mod unsteady;
mod waits;
