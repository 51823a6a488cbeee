use Bound::{AtLeast, AtMost};
use Quotient::{CachedStart, Cores, Rows};

/// A limit: a quotient of two figures of one run, and its bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// Dividend and divisor, in words.
    pub name: &'static str,
    /// Sources of the two figures.
    pub quotient: Quotient,
    /// Bound of the ratio.
    pub bound: Bound,
}

/// Two figures of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quotient {
    /// The medians of two rows, by the names of the rows.
    Rows(&'static str, &'static str),
    /// Records per second of two concurrent guests, relative to one guest.
    Cores,
    /// To start the largest component from cached code, over compiling it.
    CachedStart,
}

/// The side of the bound on which a ratio must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// The ratio is at most this number.
    AtMost(f64),
    /// The ratio is at least this number.
    AtLeast(f64),
}

impl Bound {
    /// The number of the bound.
    #[must_use]
    pub const fn number(self) -> f64 {
        match self {
            AtMost(number) | AtLeast(number) => number,
        }
    }

    /// Returns whether the ratio is on the right side of the bound.
    #[must_use]
    pub fn holds(self, ratio: f64) -> bool {
        match self {
            AtMost(most) => ratio <= most,
            AtLeast(least) => ratio >= least,
        }
    }
}

impl std::fmt::Display for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            AtMost(number) => write!(f, "at most {number}"),
            AtLeast(number) => write!(f, "at least {number}"),
        }
    }
}

/// All limits.
pub const LIMITS: [Limit; 15] = [
    limit(
        "inlined record, no epoch / native dyn atomics",
        Rows("inlined, guest side", "native, atomics"),
        AtMost(0.6),
    ),
    limit(
        "inlined record, epoch on / native dyn atomics",
        Rows("inlined, guest side, epoch", "native, atomics"),
        AtMost(1.2),
    ),
    limit(
        "inlined record with drain into atomics, epoch off / native dyn atomics",
        Rows("inlined into atomics", "native, atomics"),
        AtMost(1.7),
    ),
    limit(
        "inlined record with drain into atomics, epoch on / native dyn atomics",
        Rows("inlined into atomics, epoch", "native, atomics"),
        AtMost(2.3),
    ),
    limit(
        "record in an embedder's store with drain into atomics, epoch on / native dyn atomics",
        Rows("inlined, embedder, epoch", "native, atomics"),
        AtMost(2.3),
    ),
    limit(
        "inlined record with drain into Prometheus, epoch on / native dyn prometheus-client",
        Rows(
            "inlined into Prometheus, epoch",
            "native, prometheus-client",
        ),
        AtMost(1.5),
    ),
    // `PrometheusMetrics` costs two locked additions, as the atomics do. It has the limit
    // of the atomics.
    limit(
        "inlined record with drain into Prometheus, epoch on / native dyn Prometheus",
        Rows("inlined into Prometheus, epoch", "native, Prometheus"),
        AtMost(2.3),
    ),
    limit(
        "direct record / core func_wrap",
        Rows("direct", "core func_wrap"),
        AtMost(12.0),
    ),
    limit(
        "strings and labels / inlined record with drain into Prometheus",
        Rows("strings and labels", "inlined into Prometheus, epoch"),
        AtLeast(20.0),
    ),
    limit(
        "JSON lines / inlined record with drain into Prometheus",
        Rows("JSON lines on stdout", "inlined into Prometheus, epoch"),
        AtLeast(30.0),
    ),
    limit(
        "packed batch, the call alone / core func_wrap",
        Rows("packed batch, the call alone", "core func_wrap"),
        AtMost(0.5),
    ),
    limit(
        "into a component's queue / native dyn atomics",
        Rows("into a component's queue", "native, atomics"),
        AtMost(3.0),
    ),
    limit(
        "fixed cost of a task with the shim / bare instance",
        Rows("instance with the shim", "bare instance"),
        AtMost(2.0),
    ),
    limit(
        "start from cached code / compile, large component",
        CachedStart,
        AtMost(0.001),
    ),
    limit(
        "two guests on two cores / one guest, records per second",
        Cores,
        AtLeast(1.8),
    ),
];

const fn limit(name: &'static str, quotient: Quotient, bound: Bound) -> Limit {
    Limit {
        name,
        quotient,
        bound,
    }
}

/// The result of a limit in a run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Verdict {
    /// The limit.
    pub(crate) limit: Limit,
    /// The measured ratio.
    pub(crate) ratio: f64,
    /// The reason why this run cannot judge the limit, if any: the ratio is shown and fails nothing.
    pub(crate) not_judged: Option<String>,
}

impl Verdict {
    /// Whether the measured ratio is on the right side of the bound, judged or not.
    #[must_use]
    pub(crate) fn holds(&self) -> bool {
        self.limit.bound.holds(self.ratio)
    }

    /// Returns whether the verdict makes `make bench-check` fail.
    #[must_use]
    pub(crate) fn fails(&self) -> bool {
        !self.holds() && self.not_judged.is_none()
    }

    /// The verdict in one or two words.
    #[must_use]
    pub(crate) fn word(&self) -> &'static str {
        match (self.not_judged.is_some(), self.holds()) {
            (true, _) => "not judged",
            (false, true) => "holds",
            (false, false) => "DOES NOT HOLD",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::rows;

    #[test]
    fn a_bound_holds_on_its_side_and_at_the_edge() {
        assert!(AtMost(2.0).holds(2.0) && !AtMost(2.0).holds(2.1));
        assert!(AtLeast(2.0).holds(2.0) && !AtLeast(2.0).holds(1.9));
        assert!(!AtMost(2.0).holds(f64::NAN) && !AtLeast(2.0).holds(f64::NAN));
    }

    #[test]
    fn every_limit_divides_existing_rows_of_one_unit() -> crate::bench::Result<()> {
        let rows = rows(1, 1)?;
        let unit = |name| {
            let row = rows.iter().find(|row| row.name == name);
            row.map(|row| row.unit)
        };
        for limit in LIMITS {
            if let Rows(of, over) = limit.quotient {
                assert!(unit(of).is_some(), "no row `{of}`");
                assert_eq!(unit(of), unit(over), "{}", limit.name);
            }
        }
        Ok(())
    }

    #[test]
    fn a_limit_that_is_not_judged_fails_nothing() {
        let verdict = |ratio, not_judged: Option<&str>| Verdict {
            limit: limit("", Cores, AtLeast(1.8)),
            ratio,
            not_judged: not_judged.map(str::to_owned),
        };
        assert!(verdict(1.0, None).fails());
        assert!(!verdict(1.9, None).fails());
        let busy = verdict(1.0, Some("busy"));
        assert!(!busy.fails() && !busy.holds());
        assert_eq!(busy.word(), "not judged");
    }
}
