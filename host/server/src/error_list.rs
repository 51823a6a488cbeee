/// Maximum number of errors that are shown.
const MAX_SHOWN: usize = 100;

/// The first errors, and the number of further errors.
pub(super) fn first_errors(mut errors: impl ExactSizeIterator<Item = String>) -> Vec<String> {
    let more = errors.len().saturating_sub(MAX_SHOWN);
    let mut shown: Vec<_> = errors.by_ref().take(MAX_SHOWN).collect();
    shown.extend((more > 0).then(|| format!("{more} more errors are not shown")));
    shown
}
