//! Components as backends: whatever one of them does, each record is accounted
//! for, and nobody else notices.

#[path = "backends/probe.rs"]
mod probe;

#[path = "backends/bench.rs"]
mod bench;

#[path = "backends/delivery.rs"]
mod delivery;

#[path = "backends/failures.rs"]
mod failures;

#[path = "backends/neighbours.rs"]
mod neighbours;

#[path = "backends/refused.rs"]
mod refused;

#[path = "backends/siblings.rs"]
mod siblings;

#[path = "backends/stopping.rs"]
mod stopping;

#[path = "backends/swaps.rs"]
mod swaps;

#[path = "backends/model.rs"]
mod model;
