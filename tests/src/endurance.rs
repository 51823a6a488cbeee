//! Load and endurance. `make soak` observes a `serve` that runs for a long time, and
//! writes the results to `docs/reliability.md`. The tests have a short form of each part.

mod campaign_page;
mod crashes_page;
mod crowd;
mod crowd_page;
mod document;
#[cfg(test)]
mod example;
mod guests;
mod line;
mod loris;
mod options;
mod plot;
mod process;
mod reading;
mod round;
mod run;
mod run_end;
mod scraper;
mod soak;
mod soak_guests;
mod soak_page;
mod soak_verdict;
mod spinners;
mod spinners_page;

pub use crowd::{Crowd, Interest};
pub use guests::{Then, guest};
pub use reading::Reading;
pub use round::Round;
pub use run::main;
pub(crate) use scraper::Scraper;
pub use soak::{Extent, Ledger, Look, Soak};
pub use spinners::{Batch, Spinners, Times};
