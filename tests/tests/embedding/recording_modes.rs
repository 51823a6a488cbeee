//! Both recording modes are equivalent, in the runner and in an embedder's own store. A guest
//! has the same visible results in all of them, and its records before its end are never
//! lost.

mod embedder;
mod embedder_ends;
mod embedder_faults;
mod embedder_refused;
mod ends;
mod fallback;
mod guests;
mod inlining;
mod program;
mod random;
mod rejected;
mod unsteady;
mod waits;
mod world;
