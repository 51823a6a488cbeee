/// Repeated measurements of one value. Half of them lie between `low` and `high`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    /// First quartile: a quarter of the samples is at most this.
    pub(crate) low: f64,
    /// Half of them.
    pub(crate) median: f64,
    /// Third quartile: three quarters of the samples are at most this.
    pub(crate) high: f64,
}

impl Spread {
    /// The spread of samples in any order. Without samples, there is no spread. A
    /// quartile between two samples is interpolated.
    #[must_use]
    pub(crate) fn of(mut samples: Vec<f64>) -> Option<Self> {
        samples.sort_unstable_by(f64::total_cmp);
        let at = |part: f64| {
            let last = samples.len().checked_sub(1)?;
            let place = part * last as f64;
            let (below, above) = (place.floor() as usize, place.ceil() as usize);
            let nearness = place - place.floor();
            Some(samples[below] * (1.0 - nearness) + samples[above] * nearness)
        };
        Some(Self {
            low: at(0.25)?,
            median: at(0.5)?,
            high: at(0.75)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_are_those_of_the_sorted_samples() {
        let spread = Spread::of(vec![5.0, 1.0, 4.0, 2.0, 3.0]);
        let (low, median, high) = (2.0, 3.0, 4.0);
        assert_eq!(spread, Some(Spread { low, median, high }));
    }

    #[test]
    fn a_quartile_between_two_samples_is_taken_from_both() {
        let spread = Spread::of(vec![1.0, 2.0, 3.0, 4.0]);
        let (low, median, high) = (1.75, 2.5, 3.25);
        assert_eq!(spread, Some(Spread { low, median, high }));
    }

    #[test]
    fn a_single_sample_is_each_quartile_and_no_samples_have_no_spread() {
        let (low, median, high) = (7.0, 7.0, 7.0);
        assert_eq!(Spread::of(vec![7.0]), Some(Spread { low, median, high }));
        assert_eq!(Spread::of(Vec::new()), None);
    }

    #[test]
    fn a_single_outlier_moves_no_quartile() {
        let mut samples: Vec<_> = (0..101).map(f64::from).collect();
        samples[100] = 1e9;
        let (low, median, high) = (25.0, 50.0, 75.0);
        assert_eq!(Spread::of(samples), Some(Spread { low, median, high }));
    }
}
