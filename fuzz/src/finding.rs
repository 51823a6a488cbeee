//! Runs one input, and makes a found input smaller.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::panics;
use crate::target::Target;

/// Maximum time for making an input smaller.
const SHRINK_WITHIN: Duration = Duration::from_secs(10);

/// Runs one input. Returns the finding, if there is one.
#[must_use]
pub fn finding(target: &Target, input: &[u8]) -> Option<String> {
    let done = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    // A panic of another thread is a finding, too.
    if let Some(panic) = panics::seen() {
        return Some(panic);
    }
    match done {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(format!("{error:#}")),
        Err(_) => Some("a panic without a text".to_owned()),
    }
}

/// Removes parts of the input while it still has the same finding. The values in its message can
/// change.
#[must_use]
pub fn smaller(target: &Target, input: &[u8], found: &str) -> Vec<u8> {
    let started = Instant::now();
    let mut input = input.to_vec();
    let mut part = input.len() / 2;
    while part > 0 {
        let mut at = 0;
        while at < input.len() && started.elapsed() < SHRINK_WITHIN {
            let mut without = input.clone();
            without.drain(at..(at + part).min(input.len()));
            if finding(target, &without).is_some_and(|it| kind(&it) == kind(found)) {
                input = without;
            } else {
                at += part;
            }
        }
        part /= 2;
    }
    input
}

/// The beginning of a message, before its first value.
fn kind(found: &str) -> &str {
    let end = found.find(|it: char| it.is_ascii_digit() || ":\"`".contains(it));
    &found[..end.unwrap_or(found.len())]
}

#[cfg(test)]
mod tests {
    use anyhow::{Result, ensure};

    use super::*;
    use crate::target::Limits;

    fn run(input: &[u8]) -> Result<()> {
        ensure!(!input.windows(2).any(|it| it == b"no"), "it says no");
        Ok(())
    }

    #[test]
    fn a_finding_is_reduced_to_the_part_that_causes_it() {
        let target = Target {
            name: "test",
            run,
            seeds: &[],
            words: &[],
            longest: 64,
            limits: Limits::SMALL,
        };
        assert_eq!(finding(&target, b"a word"), None);
        assert_eq!(finding(&target, b"a not").as_deref(), Some("it says no"));
        assert_eq!(
            smaller(&target, b"words before, not after", "it says no"),
            b"no"
        );
    }
}
