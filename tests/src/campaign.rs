//! Random campaigns of the whole: scenarios that follow from a seed, played against `serve`
//! as a process. A model says which counts and log entries are possible.
//!
//! `CAMPAIGN_SEED` selects the first scenario. A failure prints its seed and its steps.

mod components;
mod ending;
mod log;
mod model;
mod player;
mod random;
mod scenario;
mod setup;
mod tools;

pub use components::Provider;
pub use random::Random;
pub use tools::traced;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use self::player::Player;
use self::scenario::Scenario;
use self::tools::Tools;

/// The environment variable with the seed of the first scenario.
pub const SEED: &str = "CAMPAIGN_SEED";

/// The results of a campaign. Every scenario reported only what may be.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Campaign {
    /// The seed of the first scenario. The others have the seeds after it.
    pub seed: u64,
    /// Number of scenarios.
    pub scenarios: u64,
    /// Number of steps.
    pub steps: u64,
    /// Number of runs in the logs.
    pub runs: u64,
    /// Number of checked scrapes.
    pub scrapes: u64,
    /// Tools that this machine lacks. The scenarios play without them.
    pub missing_tools: Vec<String>,
}

impl Campaign {
    /// Plays scenarios one after another until `length` has passed, and at least one. Calls
    /// `note` before each.
    ///
    /// # Errors
    ///
    /// When a runner reports something that may not be, with the seed and the steps.
    pub fn run(seed: u64, length: Duration, note: impl Fn(u64)) -> Result<Self> {
        let (begun, tools) = (Instant::now(), Tools::find());
        let folder = tempfile::tempdir()?;
        let cache = folder.path().join("code");
        let missing = tools.missing().into_iter().map(str::to_owned);
        let mut campaign = Self {
            seed,
            scenarios: 0,
            steps: 0,
            runs: 0,
            scrapes: 0,
            missing_tools: missing.collect(),
        };
        while campaign.scenarios == 0 || begun.elapsed() < length {
            let seed = seed + campaign.scenarios;
            note(seed);
            let scenario = Scenario::of(seed);
            let [runs, scrapes] = play(&scenario, &tools, &cache)
                .with_context(|| format!("{SEED}={seed}\n{scenario}"))?;
            campaign.scenarios += 1;
            campaign.steps += scenario.steps.len() as u64;
            campaign.runs += runs;
            campaign.scrapes += scrapes;
        }
        Ok(campaign)
    }
}

/// Starts a runner, plays all steps and the end, and checks each scrape and the log. Returns
/// the number of runs and of scrapes.
fn play(scenario: &Scenario, tools: &Tools, cache: &Path) -> Result<[u64; 2]> {
    let mut player = Player::start(scenario, tools, cache)?;
    player.scrape()?;
    for (number, step) in scenario.steps.iter().enumerate() {
        let played = player.step(step).and_then(|()| player.scrape());
        played.with_context(|| format!("step {number}"))?;
    }
    ending::play(player, scenario.ending).with_context(|| format!("{:?}", scenario.ending))
}
