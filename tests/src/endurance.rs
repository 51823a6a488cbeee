//! Load and endurance: what `make soak` finds out about a `serve` that is left running,
//! and writes into `docs/reliability.md`. The tests have a short form of each part.

mod guests;
mod line;
mod process;
mod reading;
mod run;
mod soak;
mod soak_guests;

pub use guests::{Then, guest};
pub use reading::Reading;
pub use run::main;
pub use soak::{Extent, Soak};
