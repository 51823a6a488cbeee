/// After so many characters a name is cut.
const LONGEST: usize = 200;

/// Makes a text that somebody else has a say in fit for one line of a terminal
/// or a log: what is not printable is shown as an escape, so that it neither
/// begins a line of its own, nor changes colours or the direction of writing;
/// what is long is cut.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut shown = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == LONGEST {
            shown.push('…');
            break;
        }
        match character {
            '"' | '\'' | '\\' => shown.push(character),
            _ => shown.extend(character.escape_debug()),
        }
    }
    shown
}

/// An error with its causes, the outermost first.
pub(crate) fn one_line(error: &wasmtime::Error) -> String {
    let causes: Vec<_> = error
        .chain()
        .map(|cause| printable(&cause.to_string()))
        .collect();
    causes.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_printable_is_shown_as_an_escape() {
        for (text, shown) in [
            ("plain \"quoted\" it's \\", "plain \"quoted\" it's \\"),
            ("wörter 语", "wörter 语"),
            ("a\nerror: b", "a\\nerror: b"),
            ("\u{1b}[31m", "\\u{1b}[31m"),
            ("\u{202e}txt", "\\u{202e}txt"),
        ] {
            assert_eq!(printable(text), shown);
        }
        assert_eq!(printable(&"x".repeat(90_000)).chars().count(), LONGEST + 1);
    }
}
