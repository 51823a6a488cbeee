/// How many errors of one kind are told.
const MOST_TOLD: usize = 100;

/// The first of many errors, and how many more there are.
pub(super) fn first(mut errors: impl ExactSizeIterator<Item = String>) -> Vec<String> {
    let more = errors.len().saturating_sub(MOST_TOLD);
    let mut told: Vec<_> = errors.by_ref().take(MOST_TOLD).collect();
    told.extend((more > 0).then(|| format!("and {more} more errors")));
    told
}
