//! Runners that are killed at random moments: while they compile, write the compilation
//! cache, reload, run and drain. After each kill, the next runner works with the same
//! configuration and the same cache.
//!
//! `CRASHES_SEED` selects the moments. A failure prints the seed and the number of the kill.

mod cache_folder;
mod checks;
mod killer;
mod moment;
mod round;

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use self::round::Rounds;
use crate::campaign::Random;

/// The environment variable with the seed.
pub const SEED: &str = "CRASHES_SEED";

/// The results of kills. Every runner after a kill worked.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Crashes {
    /// The seed.
    pub seed: u64,
    /// Number of killed runners, by the moment.
    pub kills: BTreeMap<String, u64>,
    /// Number of runners that became ready and were checked.
    pub checked: u64,
    /// Number of kills that left an unfinished file in the cache.
    pub unfinished: u64,
    /// Number of cache entries that were damaged between two runners, as by a loss of power.
    pub damaged: u64,
    /// Number of damaged entries that a runner rejected, removed and compiled again.
    pub rejected: u64,
    /// Number of compiler processes that were running at a kill, and ended with it.
    pub compilers: u64,
}

impl Crashes {
    /// Kills runners one after another, until `kills` were killed. Calls `note` after each
    /// hundred.
    ///
    /// # Errors
    ///
    /// When a runner after a kill does not work.
    pub fn run(seed: u64, kills: u64, note: impl Fn(u64)) -> Result<Self> {
        let mut rounds = Rounds::new(Random::new(seed))?;
        rounds.found.seed = seed;
        while rounds.found.total() < kills {
            let number = rounds.found.total();
            rounds
                .next()
                .with_context(|| format!("{SEED}={seed}, after {number} kills"))?;
            let total = rounds.found.total();
            if total / 100 > number / 100 {
                note(total);
            }
        }
        Ok(rounds.found)
    }

    /// Number of kills.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.kills.values().sum()
    }
}
