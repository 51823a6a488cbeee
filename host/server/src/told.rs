/// How many errors of one kind are told.
const MOST_TOLD: usize = 100;

/// The first of many errors, and how many more there are.
pub(super) fn first(mut errors: Vec<String>) -> Vec<String> {
    let more = errors.len().saturating_sub(MOST_TOLD);
    errors.truncate(MOST_TOLD);
    errors.extend((more > 0).then(|| format!("and {more} more errors")));
    errors
}
