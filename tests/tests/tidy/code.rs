//! Rust source with blanked-out comments and literals, so that a rule reads only code.

/// The same text, line for line, with spaces for comments, strings and
/// characters.
pub(crate) fn code(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let after_word = code.ends_with(is_word);
        match skipped(rest, after_word) {
            Some(length) => {
                let (gone, after) = rest.split_at(length);
                code.extend(gone.chars().map(|c| if c == '\n' { c } else { ' ' }));
                rest = after;
            }
            None => {
                code.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    code
}

/// Returns whether `word` occurs in `code` as a whole word, followed by `then`.
pub(crate) fn has(code: &str, word: &str, then: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        let (before, after) = (&code[..at], &code[at + word.len()..]);
        !before.ends_with(is_word) && !after.starts_with(is_word) && after.starts_with(then)
    })
}

pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Length of the comment or literal at the beginning of `text`, in bytes.
fn skipped(text: &str, after_word: bool) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return Some(block_comment(text));
    }
    if text.starts_with('\'') {
        return character(text);
    }
    if text.starts_with('"') {
        return Some(quoted(text, '"'));
    }
    if after_word {
        return None;
    }
    let prefix = ["br", "cr", "r"]
        .into_iter()
        .find(|p| text.starts_with(p))?;
    let hashes = text[prefix.len()..]
        .chars()
        .take_while(|c| *c == '#')
        .count();
    let open = prefix.len() + hashes;
    let body = text[open..].strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    let length = body.find(&close).map_or(body.len(), |at| at + close.len());
    Some(open + 1 + length)
}

/// Block comments nest.
fn block_comment(text: &str) -> usize {
    let (mut at, mut depth) = (0, 0);
    while let Some(next) = text[at..].find(['/', '*']) {
        at += next;
        match text.get(at..at + 2) {
            Some("/*") => (at, depth) = (at + 2, depth + 1),
            Some("*/") => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// Length of a character literal. A lifetime is not one.
fn character(text: &str) -> Option<usize> {
    let mut chars = text.chars().skip(1);
    match (chars.next()?, chars.next()?) {
        ('\\', _) => Some(quoted(text, '\'')),
        (c, '\'') => Some(c.len_utf8() + 2),
        _ => None,
    }
}

fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

#[test]
fn comments_and_literals_are_not_code() {
    let source = [
        r#"a // x"#,
        r#"/* x /* x */ x */ b"#,
        r#""x \" x" c"#,
        r##"r#"x " x"# br"x\" d"##,
        r"'x' '\'' '\u{78}' e: &'lifetime",
    ];
    let code = code(&source.join("\n"));
    let words: Vec<_> = code.split_whitespace().collect();
    assert_eq!(words, ["a", "b", "c", "d", "e:", "&'lifetime"]);
    assert_eq!(code.lines().count(), source.len());
}

#[test]
fn a_word_within_a_word_is_not_found() {
    assert!(has("a.sleep(1)", "sleep", "("));
    assert!(!has("a.sleep_until(1); oversleep(1)", "sleep", "("));
    assert!(!has("sleep", "sleep", "("));
}
