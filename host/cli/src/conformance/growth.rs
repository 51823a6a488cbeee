use bytesize::ByteSize;

use super::vector::Unit;
use super::verdict::Fault;

/// How linear memory grew, round by round.
#[derive(Debug)]
pub(super) struct Growth {
    unit: Unit,
    /// Records or scrapes of all rounds together.
    units: u64,
    /// Bytes after each round.
    samples: Vec<u64>,
}

impl Growth {
    pub(super) fn new(unit: Unit) -> Self {
        Self {
            unit,
            units: 0,
            samples: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, units: u64, memory: u64) {
        self.units += units;
        self.samples.push(memory);
    }

    pub(super) fn rounds(&self) -> usize {
        self.samples.len()
    }

    /// Bytes for each record or scrape, over the last half of the rounds: in the first
    /// half, heaps settle. What is doubled whenever it is full is doubled once in there.
    pub(super) fn slope(&self) -> f64 {
        let rounds = self.samples.len();
        let middle = (rounds / 2).checked_sub(1);
        let (Some(before), Some(after)) = (
            middle.and_then(|middle| self.samples.get(middle)),
            self.samples.last(),
        ) else {
            return 0.0;
        };
        let units = self.units as f64 * (rounds - rounds / 2) as f64 / rounds as f64;
        (*after as f64 - *before as f64) / units.max(1.0)
    }

    pub(super) fn unit(&self) -> &'static str {
        match self.unit {
            Unit::Record => "record",
            Unit::Scrape => "scrape",
        }
    }

    /// What there was, in a few words.
    pub(super) fn described(&self) -> String {
        let unit = self.unit();
        let last = self.samples.last().copied().unwrap_or_default();
        let memory = ByteSize::b(last);
        match self.slope().round() {
            0.0 => format!("{memory} after {} {unit}s, and no growth", self.units),
            slope => format!(
                "{memory} after {} {unit}s, {slope} bytes for each",
                self.units
            ),
        }
    }

    /// A leak, that had so much memory to fill.
    pub(super) fn fault(&self, most: u32, limit: u64) -> Fault {
        let (unit, slope) = (self.unit(), self.slope().max(0.0));
        let at = |round: usize| {
            let bytes = self.samples.get(round).copied().unwrap_or_default();
            ByteSize::b(bytes)
        };
        let rounds = self.samples.len();
        let left = limit.saturating_sub(self.samples.first().copied().unwrap_or_default());
        let full = if slope > 0.0 {
            format!(
                "; {} are full after {:.0} {unit}s",
                ByteSize::b(limit),
                left as f64 / slope
            )
        } else {
            String::new()
        };
        Fault::new(
            format!("memory grows by no more than {most} bytes with each {unit}"),
            format!(
                "{slope:.0} bytes with each {unit}: {} after the first round, {} after half of {rounds}, {} in the end{full}",
                at(0),
                at(rounds / 2),
                at(rounds.saturating_sub(1)),
            ),
            format!(
                "free what a {unit} takes; a collector that waits for more memory than that gets it with --memory"
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slope(samples: impl IntoIterator<Item = u64>) -> f64 {
        let mut growth = Growth::new(Unit::Record);
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
        assert_eq!(slope([1]), 0.0);
    }

    /// However many rounds there are, one such step is in their last half.
    #[test]
    fn a_list_that_doubles_grows() {
        for rounds in 2..200_u64 {
            let slope = slope((1..=rounds).map(|round| 160 * round.next_power_of_two()));
            assert!(slope >= 16.0, "{rounds}: {slope}");
        }
    }
}
