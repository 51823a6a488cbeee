//! Both paths of records are one: what a guest does is seen in the same way, and
//! nothing that it recorded before it ended is lost, however it ended.

mod paths {
    pub(super) mod ends;
    pub(super) mod fallback;
    pub(super) mod guests;
    pub(super) mod program;
    pub(super) mod random;
    pub(super) mod refused;
    pub(super) mod runs;
    pub(super) mod unsteady;
    pub(super) mod waits;
}
