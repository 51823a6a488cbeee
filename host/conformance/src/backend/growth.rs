//! Measures the growth of linear memory.

use bytesize::ByteSize;

use crate::check::Fault;
use crate::options::TestOptions;
use crate::term::Term;
use crate::vector::GrowthUnit;

/// Size of linear memory after each round.
#[derive(Debug)]
pub(super) struct Growth {
    unit: GrowthUnit,
    /// Total number of records or scrapes in all rounds.
    units: u64,
    /// Bytes before the first round.
    start: u64,
    /// Bytes after each round.
    samples: Vec<u64>,
    /// Whether the last round reached the limit on memory.
    full: bool,
}

impl Growth {
    pub(super) fn new(unit: GrowthUnit, start: u64) -> Self {
        Self {
            unit,
            units: 0,
            start,
            samples: Vec::new(),
            full: false,
        }
    }

    /// Adds an incomplete last round, which reached the limit on memory.
    pub(super) fn fill(&mut self, units: u64, limit: u64) {
        self.add(units, limit);
        self.full = true;
    }

    pub(super) fn add(&mut self, units: u64, memory: u64) {
        self.units += units;
        self.samples.push(memory);
    }

    pub(super) fn rounds(&self) -> usize {
        self.samples.len()
    }

    /// Bytes for each record or scrape, over the last half of the rounds. In the first
    /// half, heaps grow to their working size. A list that doubles when it is full doubles
    /// once in the last half.
    ///
    /// If the memory was full early, the slope covers all rounds.
    pub(super) fn slope(&self) -> f64 {
        let rounds = self.samples.len();
        let Some(after) = self.samples.last() else {
            return 0.0;
        };
        let (before, share) = match (rounds / 2).checked_sub(1) {
            Some(middle) if !self.full => {
                let last = rounds - rounds / 2;
                (self.samples[middle], last as f64 / rounds as f64)
            }
            _ => (self.start, 1.0),
        };
        (*after as f64 - before as f64) / (self.units as f64 * share).max(1.0)
    }

    /// Whether three quarters of the memory that was free at the start are used.
    pub(super) fn has_filled_most(&self, limit: u64) -> bool {
        let last = self.samples.last().copied().unwrap_or_default();
        let left = limit.saturating_sub(self.start);
        last.saturating_sub(self.start) > left - left / 4
    }

    pub(super) fn unit(&self) -> &'static str {
        match self.unit {
            GrowthUnit::Record => "record",
            GrowthUnit::Scrape => "scrape",
        }
    }

    /// Short description of the growth.
    pub(super) fn described(&self) -> String {
        let unit = self.unit();
        let last = self.samples.last().copied().unwrap_or_default();
        let memory = ByteSize::b(last);
        if self.slope() == 0.0 {
            format!("{memory} after {} {unit}s, and no growth", self.units)
        } else {
            format!("{memory} after {} {unit}s, {}", self.units, self.each())
        }
    }

    fn each(&self) -> String {
        match self.slope() {
            slope if slope.abs() < 10.0 => format!("{slope:.1} B for each {}", self.unit()),
            slope => format!("{slope:.0} B for each {}", self.unit()),
        }
    }

    /// Fault of a component whose memory grows.
    pub(super) fn fault(&self, most: u32, limit: u64, options: &TestOptions) -> Fault {
        let (unit, slope) = (self.unit(), self.slope());
        let (start, size) = (ByteSize::b(self.start), ByteSize::b(limit));
        let end = ByteSize::b(self.samples.last().copied().unwrap_or_default());
        let seen = if self.full {
            format!(
                "from {start}, the limit of {size} was full after {} {unit}s",
                self.units
            )
        } else {
            let left = limit.saturating_sub(self.start) as f64 / slope;
            format!(
                "from {start} to {end} over {} {unit}s; the limit of {size} is full after about {left:.0}",
                self.units
            )
        };
        Fault::new(
            format!("memory grows by at most {most} B for each {unit}"),
            format!("{}: {seen}", self.each()),
            format!(
                "free the memory of each {unit}; if a garbage collector frees it later, raise {} and {}",
                options.term(Term::Memory),
                options.term(Term::Budget)
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slope(samples: impl IntoIterator<Item = u64>) -> f64 {
        let mut growth = Growth::new(GrowthUnit::Record, 0);
        samples
            .into_iter()
            .for_each(|memory| growth.add(10, memory));
        growth.slope()
    }

    #[test]
    fn steady_growth_has_its_slope() {
        for rounds in 2..100 {
            let slope = slope((0..rounds).map(|round| 100 + 80 * round));
            assert!((slope - 8.0).abs() < 1e-9, "{rounds}: {slope}");
        }
    }

    #[test]
    fn a_heap_that_has_settled_does_not_grow() {
        assert_eq!(slope((0..32).map(|round| 1000 * round.min(10))), 0.0);
        assert_eq!(slope([]), 0.0);
        assert_eq!(slope([0]), 0.0);
    }

    /// For any number of rounds, one doubling is in their last half.
    #[test]
    fn a_list_that_doubles_grows() {
        for rounds in 2..200_u64 {
            let slope = slope((1..=rounds).map(|round| 160 * round.next_power_of_two()));
            assert!(slope >= 16.0, "{rounds}: {slope}");
        }
    }
}
