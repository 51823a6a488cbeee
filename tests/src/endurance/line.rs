/// A straight line through points, by least squares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Line {
    /// Rise for each unit to the right.
    pub(super) slope: f64,
    /// The standard error of the slope. The 95% confidence interval extends about twice
    /// this error to both sides.
    pub(super) error: f64,
}

impl Line {
    /// The line through the points. Fewer than three points have no line.
    pub(super) fn through(points: &[(f64, f64)]) -> Option<Self> {
        let count = points.len() as f64;
        if points.len() < 3 {
            return None;
        }
        let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
        let (x, y) = (mean(|point| point.0), mean(|point| point.1));
        let spread: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
        let together: f64 = points
            .iter()
            .map(|point| (point.0 - x) * (point.1 - y))
            .sum();
        let slope = together / spread;
        let off = |point: &(f64, f64)| (point.1 - y - slope * (point.0 - x)).powi(2);
        let off: f64 = points.iter().map(off).sum();
        let error = (off / (count - 2.0) / spread).sqrt();
        Some(Self { slope, error })
    }
}

/// The median of the values, or 0 without values.
pub(super) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    share(values, 0.5)
}

/// The quantile of the values at `share`, or 0 without values.
pub(super) fn share(values: impl IntoIterator<Item = f64>, share: f64) -> f64 {
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort_unstable_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    let place = (share * last as f64).round() as usize;
    values.get(place).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_through_collinear_points_has_no_error() {
        let points: Vec<_> = (0..9)
            .map(|x| (f64::from(x), 5.0 + 3.0 * f64::from(x)))
            .collect();
        let line = Line::through(&points).unwrap_or(Line {
            slope: 0.0,
            error: 1.0,
        });
        assert!((line.slope - 3.0).abs() < 1e-9 && line.error < 1e-9);
    }

    #[test]
    fn the_error_equals_a_textbook_example() {
        // Residuals -0.1, 0.2, -0.1: 0.06 / 1 / 2.
        let line = Line::through(&[(0.0, 0.0), (1.0, 1.3), (2.0, 2.0)]);
        let error = line.map_or(0.0, |line| line.error);
        assert!((error - 0.03_f64.sqrt()).abs() < 1e-9, "{error}");
    }

    #[test]
    fn two_points_have_no_line() {
        assert_eq!(Line::through(&[(0.0, 0.0), (1.0, 1.0)]), None);
    }

    #[test]
    fn a_quantile_is_one_of_the_values() {
        let values = || (0..=100).map(f64::from);
        assert_eq!(median(values()), 50.0);
        assert_eq!(share(values(), 0.99), 99.0);
        assert_eq!(median([]), 0.0);
    }
}
