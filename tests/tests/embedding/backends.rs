//! Components as backends: whatever one of them does, each record is accounted
//! for, and nobody else notices.

mod probe;

mod bench;

mod delivery;

mod failures;

mod neighbours;

mod refused;

mod optional_interfaces;

mod stopping;

mod replacements;

mod model;
