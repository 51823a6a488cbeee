use super::Limit;

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
    use crate::bench::{Bound, Quotient};

    #[test]
    fn a_limit_that_is_not_judged_fails_nothing() {
        let verdict = |ratio, not_judged: Option<&str>| Verdict {
            limit: Limit {
                name: "",
                quotient: Quotient::Cores,
                bound: Bound::AtLeast(1.8),
            },
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
