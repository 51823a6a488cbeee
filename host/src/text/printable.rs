//! Text that is safe to print.

use std::borrow::Cow;
use std::path::Path;

/// Maximum number of characters of a name.
const LONGEST: usize = 200;

/// Makes a text from another source safe for one line of a terminal or a log. Characters that are
/// not printable become escapes, so that they cannot start a line, change colors or change the
/// direction of writing; long text is cut.
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

/// Whether a character is invisible, or affects other characters when it is printed: control
/// characters, line separators, marks of the direction of writing, and characters that Unicode has
/// text ignore, including tags. Tabs and variation selectors are not hidden.
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

/// Escapes a text without cutting it: each [hidden](is_hidden) character is shown as an escape, and
/// all others are unchanged.
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
    fn characters_that_are_not_printable_are_shown_as_escapes() {
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
