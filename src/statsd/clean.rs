//! Sanitizing of the operator's texts for lines. statsd escapes no characters, so that a
//! newline in a tag would start another metric.

use super::{StatsdError, StatsdMetrics};

/// Labels of the metrics, which no tag of the operator may override.
const RESERVED: [&str; 3] = ["runner", "outcome", "error"];

/// Replaces all characters but letters, digits, `_`, `-` and `.` with `_`. Dots at the end
/// are removed, because the backend appends one. An empty prefix means no prefix.
pub(super) fn prefix(given: &str) -> Result<String, StatsdError> {
    let clean: String = given.chars().map(|c| allowed(c, "_-.")).collect();
    let clean = clean.trim_end_matches('.');
    match clean.len() {
        bytes if bytes > StatsdMetrics::MAX_PREFIX => Err(StatsdError::PrefixTooLong { bytes }),
        _ => Ok(clean.to_owned()),
    }
}

/// Replaces the same characters, but not `/`; an empty text becomes `_`. `:` is replaced,
/// because it ends a name, and servers disagree about a second one.
pub(super) fn tags(given: &[(String, String)]) -> Result<Vec<(String, String)>, StatsdError> {
    let clean: Vec<_> = given.iter().map(|(n, v)| (tag(n), tag(v))).collect();
    let bytes = clean.iter().map(|(n, v)| n.len() + v.len() + 2).sum();
    if bytes > StatsdMetrics::MAX_TAGS {
        return Err(StatsdError::TagsTooLong { bytes });
    }
    // Servers can treat capital and small letters as equal.
    let reserved = |name: &str| {
        RESERVED
            .iter()
            .any(|label| label.eq_ignore_ascii_case(name))
    };
    match clean.iter().find(|(name, _)| reserved(name)) {
        Some((name, _)) => Err(StatsdError::ReservedTag(name.clone())),
        None => Ok(clean),
    }
}

fn tag(given: &str) -> String {
    match given {
        "" => "_".to_owned(),
        _ => given.chars().map(|c| allowed(c, "_-./")).collect(),
    }
}

fn allowed(c: char, signs: &str) -> char {
    match c.is_ascii_alphanumeric() || signs.contains(c) {
        true => c,
        false => '_',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_has_no_characters_that_end_a_name() {
        for (given, clean) in [
            ("solti", "solti"),
            ("a.b-c_9", "a.b-c_9"),
            ("a:1|c\nb\u{fc}#@,;=/ ", "a_1_c_b________"),
            ("solti..", "solti"),
            ("...", ""),
            ("", ""),
        ] {
            assert_eq!(prefix(given).ok().as_deref(), Some(clean), "{given:?}");
        }
    }

    #[test]
    fn a_prefix_that_is_too_long_is_rejected() {
        let most = "p".repeat(StatsdMetrics::MAX_PREFIX);
        assert_eq!(prefix(&most).ok(), Some(most.clone()));
        let error = prefix(&format!("{most}p")).err();
        assert!(matches!(
            error,
            Some(StatsdError::PrefixTooLong { bytes: 129 })
        ));
    }

    fn cleaned(name: &str, value: &str) -> Result<Vec<(String, String)>, StatsdError> {
        tags(&[(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn a_tag_has_no_characters_that_end_it() {
        for (name, value, clean) in [
            ("env", "eu-1/a.b_c", ("env", "eu-1/a.b_c")),
            ("a:b", "c:d,e|f\ng:1|c", ("a_b", "c_d_e_f_g_1_c")),
            ("", "", ("_", "_")),
            ("\u{fc}", "\r\0", ("_", "__")),
        ] {
            let clean = vec![(clean.0.to_owned(), clean.1.to_owned())];
            assert_eq!(cleaned(name, value).ok(), Some(clean));
        }
    }

    #[test]
    fn a_tag_that_is_a_label_or_too_long_is_rejected() {
        for name in ["runner", "Outcome", "ERROR"] {
            let error = cleaned(name, "x").err();
            assert!(matches!(error, Some(StatsdError::ReservedTag(tag)) if tag == name));
        }
        let error = cleaned("a", &"x".repeat(StatsdMetrics::MAX_TAGS)).err();
        assert!(matches!(
            error,
            Some(StatsdError::TagsTooLong { bytes: 515 })
        ));
    }
}
