use std::borrow::Cow;
use std::path::Path;

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
            _ if is_hidden(character) => shown.extend(character.escape_default()),
            _ => shown.extend(character.escape_debug()),
        }
    }
    shown
}

/// Whether a character changes more than its own place when it is printed, or is not seen
/// at all: control characters, line separators, marks of the direction of writing, and
/// what Unicode has text ignore, tags among it. A tab, and what selects the form of a
/// character, are not hidden.
#[must_use]
pub fn is_hidden(character: char) -> bool {
    character.is_control() && character != '\t'
        || matches!(
            character,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// The same for a text that is not cut: each [hidden](is_hidden) character is shown as an
/// escape, and all others are as they were.
#[must_use]
pub fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hidden(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown.into()
}

/// A path as [`printable`] shows it.
pub(crate) fn shown(path: &Path) -> String {
    printable(&path.display().to_string())
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
        for (text, shown) in [
            ("\u{1b}[31mé\t語", "\\u{1b}[31mé\t語"),
            ("a\r\n\u{2028}b\u{9b}", "a\\r\\n\\u{2028}b\\u{9b}"),
            ("\u{e9}\u{fe0f}", "\u{e9}\u{fe0f}"),
        ] {
            assert_eq!(escaped(text), shown);
        }
        for hidden in "\u{ad}\u{200b}\u{200d}\u{2060}\u{3164}\u{feff}\u{e0001}\u{e0041}".chars() {
            let shown = format!("a{}b", hidden.escape_default());
            let text = format!("a{hidden}b");
            assert_eq!(
                (&*escaped(&text), printable(&text)),
                (&*shown, shown.clone())
            );
        }
        assert_eq!(escaped(&"x".repeat(90_000)).len(), 90_000);
        assert_eq!(printable(&"x".repeat(90_000)).chars().count(), LONGEST + 1);
    }
}
