//! The verdicts on limits, for other programs.

use serde::Serialize;

use super::{Bound, Result, Verdict};

#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    ratio: f64,
    limit: f64,
    holds: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    at_least: bool,
    /// Absent if the limit was judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_judged: Option<&'a str>,
}

/// A list with an entry for each limit whose two figures were measured.
///
/// `holds` says whether the ratio is on the right side of the bound. `at_least` is
/// present, and true, if the bound is the minimum of the ratio. `not_judged` is present
/// if this run cannot judge the limit, and says why.
///
/// # Errors
///
/// When a ratio is not a number.
pub(crate) fn json(verdicts: &[Verdict]) -> Result<String> {
    let entries: Vec<_> = verdicts.iter().map(entry).collect();
    if let Some(entry) = entries.iter().find(|entry| !entry.ratio.is_finite()) {
        return Err(format!("{}: the ratio is not a number", entry.name).into());
    }
    Ok(serde_json::to_string_pretty(&entries)? + "\n")
}

fn entry(verdict: &Verdict) -> Entry<'_> {
    Entry {
        name: verdict.limit.name,
        ratio: verdict.ratio,
        limit: verdict.limit.bound.number(),
        holds: verdict.holds(),
        at_least: matches!(verdict.limit.bound, Bound::AtLeast(_)),
        not_judged: verdict.not_judged.as_deref(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::bench::{Limit, Quotient};

    fn verdict(name: &'static str, bound: Bound, ratio: f64) -> Verdict {
        Verdict {
            limit: Limit {
                name,
                quotient: Quotient::Cores,
                bound,
            },
            ratio,
            not_judged: None,
        }
    }

    #[test]
    fn an_entry_has_the_measured_ratio_and_its_verdict() -> Result<()> {
        use Bound::{AtLeast, AtMost};
        let mut busy = verdict("d", AtLeast(1.8), 1.5);
        busy.not_judged = Some("busy".to_owned());
        let text = json(&[
            verdict("a", AtMost(0.6), 0.5),
            verdict("b", AtMost(1.2), 1.3),
            verdict("c", AtLeast(30.0), 31.0),
            busy,
        ])?;
        let found: serde_json::Value = serde_json::from_str(&text)?;
        let expected = json!([
            {"name": "a", "ratio": 0.5, "limit": 0.6, "holds": true},
            {"name": "b", "ratio": 1.3, "limit": 1.2, "holds": false},
            {"name": "c", "ratio": 31.0, "limit": 30.0, "holds": true, "at_least": true},
            {"name": "d", "ratio": 1.5, "limit": 1.8, "holds": false, "at_least": true,
             "not_judged": "busy"},
        ]);
        assert_eq!(found, expected);
        Ok(())
    }

    #[test]
    fn a_ratio_is_never_null() {
        assert!(json(&[verdict("a", Bound::AtMost(1.0), f64::NAN)]).is_err());
    }
}
