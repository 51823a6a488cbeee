//! Components as backends: for each failure of a backend, each record is accounted for,
//! and other components are unaffected.

mod probe;

mod bench;

mod delivery;

mod failures;

mod neighbours;

mod rejected;

mod optional_interfaces;

mod stopping;

mod replacements;

mod model;
