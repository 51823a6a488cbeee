//! Both paths of records are one: what a guest does is seen in the same way, and
//! nothing that it recorded before it ended is lost, however it ended.

mod ends;
mod fallback;
mod guests;
mod program;
mod random;
mod refused;
mod runs;
mod unsteady;
mod waits;
