use std::time::{Duration, Instant};

use super::cache_folder::CacheFolder;
use crate::campaign::Random;

/// When a runner is killed that starts or reloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// After this time.
    Time(Duration),
    /// As soon as the cache has an unfinished file.
    Unfinished,
    /// As soon as the cache has a new entry.
    Entry,
}

/// Maximum time to wait for a file. The runner may have needed none.
const LONGEST: Duration = Duration::from_millis(600);

impl Moment {
    pub(super) fn random(random: &mut Random) -> Self {
        match random.below(5) {
            0 | 1 => Self::Time(Duration::from_millis(random.below(250))),
            2 | 3 => Self::Unfinished,
            _ => Self::Entry,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Time(_) => "at a random time",
            Self::Unfinished => "with an unfinished file",
            Self::Entry => "with a new entry",
        }
    }

    /// Returns when the moment has come.
    pub(super) fn wait(self, cache: &CacheFolder) {
        let begun = Instant::now();
        let entries = cache.state().0;
        let come = || match self {
            Self::Time(time) => begun.elapsed() >= time,
            Self::Unfinished => cache.state().1,
            Self::Entry => cache.state().0 > entries,
        };
        while !come() && begun.elapsed() < LONGEST {
            match self {
                Self::Time(time) => {
                    std::thread::park_timeout(time.saturating_sub(begun.elapsed()));
                }
                Self::Unfinished | Self::Entry => std::thread::yield_now(),
            }
        }
    }
}
