use std::collections::BTreeMap;

use super::line::{Line, median};
use super::soak::{Look, Soak};

/// Maximum growth of memory, in KiB a minute: 46 MiB a day.
pub(super) const MOST_GROWTH: f64 = 32.0;

/// Maximum growth of the number of open files, from the first minute to the last. Runs
/// open files while they work, so that no two minutes are alike.
pub(super) const MOST_FDS: f64 = 3.0;

/// The verdict of a soak on a runner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Verdict {
    /// Growth of resident memory over the last two thirds, in KiB a minute.
    pub(super) resident: Line,
    /// Growth of resident memory that belongs to no file, in KiB a minute.
    pub(super) anonymous: Line,
    /// Open files: the medians of the first and of the last minute.
    pub(super) fds: (f64, f64),
}

impl Verdict {
    /// The verdict, if the soak is long enough.
    pub(super) fn of(soak: &Soak) -> Option<Self> {
        let resident = minutes(soak, |look| look.resident_kib);
        let anonymous = minutes(soak, |look| look.anonymous_kib);
        let fds = minutes(soak, |look| look.fds as f64);
        Some(Self {
            resident: Line::through(late(&resident))?,
            anonymous: Line::through(late(&anonymous))?,
            fds: (fds.first()?.1, fds.last()?.1),
        })
    }

    /// Returns whether the growth of memory is at most [`MOST_GROWTH`], within the uncertainty of
    /// the slope.
    pub(super) fn memory_is_flat(&self) -> bool {
        self.resident.slope - 2.0 * self.resident.error <= MOST_GROWTH
    }

    /// Returns whether the number of open files grows by at most [`MOST_FDS`].
    pub(super) fn files_are_closed(&self) -> bool {
        self.fds.1 - self.fds.0 <= MOST_FDS
    }
}

/// The median of each minute. Within a minute, memory rises and falls with the runs.
pub(super) fn minutes(soak: &Soak, of: impl Fn(&Look) -> f64) -> Vec<(f64, f64)> {
    let mut minutes = BTreeMap::<u64, Vec<f64>>::new();
    for look in &soak.looks {
        let minute = look.at.as_secs() / 60;
        minutes.entry(minute).or_default().push(of(look));
    }
    let whole = minutes.into_iter().filter(|(_, looks)| looks.len() > 20);
    whole
        .map(|(minute, looks)| (minute as f64, median(looks)))
        .collect()
}

/// The minutes without the first third, in which lasting objects are created.
fn late(minutes: &[(f64, f64)]) -> &[(f64, f64)] {
    &minutes[minutes.len() / 3..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endurance::example::example;

    fn holds(kib: f64, fds: f64) -> Option<(bool, bool)> {
        let verdict = Verdict::of(&example(kib, fds))?;
        Some((verdict.memory_is_flat(), verdict.files_are_closed()))
    }

    #[test]
    fn memory_may_vary_and_must_not_grow() {
        assert_eq!(holds(0.0, 0.0), Some((true, true)));
        assert_eq!(holds(MOST_GROWTH + 10.0, 0.0), Some((false, true)));
    }

    #[test]
    fn files_that_stay_open_are_detected() {
        assert_eq!(holds(0.0, 0.2), Some((true, false)));
    }

    #[test]
    fn a_short_soak_has_no_verdict() {
        let mut soak = example(0.0, 0.0);
        soak.looks.truncate(60);
        assert_eq!(Verdict::of(&soak), None);
    }
}
