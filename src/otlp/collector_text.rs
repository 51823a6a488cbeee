//! Texts of a collector in messages.

use std::fmt;

use hyper::header::HeaderMap;

/// Maximum characters of a collector's text in a message.
const SHORT: usize = 256;

/// End of a text that is truncated, after its quote.
const MORE: &str = "...";

/// Text of a collector: quoted, on one line, and truncated.
pub(super) struct CollectorText<'a>(pub(super) &'a str);

impl fmt::Display for CollectorText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.chars();
        let short: String = rest.by_ref().take(SHORT).collect();
        let more = if rest.next().is_some() { MORE } else { "" };
        write!(f, "{short:?}{more}")
    }
}

/// Values that a collector can repeat, and that no message may contain: the values of
/// headers, and the endpoint's query.
#[derive(Debug, Default)]
pub(super) struct Secrets(Vec<String>);

/// Minimum length of a secret. A shorter one would hide large parts of a message.
const SHORTEST: usize = 4;

impl Secrets {
    pub(super) fn of(headers: &HeaderMap, query: Option<&str>) -> Self {
        let headers = headers.values().filter(|value| value.is_sensitive());
        let mut secrets: Vec<String> = headers
            .filter_map(|value| value.to_str().ok())
            // `Bearer` is not a secret.
            .flat_map(|value| std::iter::once(value).chain(value.split_whitespace().skip(1)))
            .chain(query)
            .filter(|secret| secret.len() >= SHORTEST)
            // A collector's text is quoted, and so are the quotes in it.
            .flat_map(|secret| [secret.to_owned(), quoted(secret)])
            .collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self(secrets)
    }

    pub(super) fn hide(&self, text: &str) -> String {
        let hide = |text: String, secret: &String| text.replace(&**secret, "[hidden]");
        let whole = self.0.iter().fold(text.to_owned(), hide);
        self.0
            .iter()
            .fold(whole, |text, secret| hide_cut(text, secret))
    }
}

/// Hides the start of a secret at the end of a truncated text.
fn hide_cut(mut text: String, secret: &str) -> String {
    let lengths = (SHORTEST..secret.len()).rev();
    for length in lengths.filter(|length| secret.is_char_boundary(*length)) {
        let cut = format!("{}\"{MORE}", &secret[..length]);
        if text.contains(&cut) {
            text = text.replace(&cut, &format!("[hidden]\"{MORE}"));
        }
    }
    text
}

/// The text as it is within quotes.
fn quoted(secret: &str) -> String {
    let mut quoted = format!("{secret:?}");
    quoted.pop();
    quoted.split_off(1)
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    #[test]
    fn words_of_others_are_one_short_line() {
        assert_eq!(
            CollectorText("too\nold\u{1b}[1m").to_string(),
            r#""too\nold\u{1b}[1m""#
        );
        let long = "\u{202e}".repeat(10_000);
        assert!(CollectorText(&long).to_string().len() < 10 * SHORT);
        assert!(CollectorText(&long).to_string().ends_with("\"..."));
    }

    #[test]
    fn a_secret_that_is_repeated_is_hidden() {
        let mut headers = HeaderMap::new();
        for (name, value) in [("authorization", "Bearer hunter2"), ("x-short", "a")] {
            let mut value = HeaderValue::from_static(value);
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        headers.insert("user-agent", HeaderValue::from_static("solti-metrics"));
        let secrets = Secrets::of(&headers, Some("key=hunter3"));
        let said = "solti-metrics: a token hunter2 (Bearer hunter2) at /?key=hunter3";
        let hidden = "solti-metrics: a token [hidden] ([hidden]) at /?[hidden]";
        assert_eq!(secrets.hide(said), hidden);
    }

    #[test]
    fn a_secret_that_is_truncated_is_hidden() {
        let secrets = Secrets::of(&HeaderMap::new(), Some("key=hunter3"));
        for shown in SHORTEST..="key=hunter3".len() {
            let before = "x".repeat(SHORT - shown);
            let said = CollectorText(&format!("{before}key=hunter3 and more")).to_string();
            assert_eq!(secrets.hide(&said), format!("\"{before}[hidden]\"..."));
        }
    }

    #[test]
    fn a_secret_with_a_quote_is_hidden_in_a_quoted_text() {
        let mut headers = HeaderMap::new();
        let mut value = HeaderValue::from_static("Bearer hun\"ter\\2");
        value.set_sensitive(true);
        headers.insert("authorization", value);
        let secrets = Secrets::of(&headers, None);
        let said = CollectorText("no hun\"ter\\2 here").to_string();
        assert_eq!(secrets.hide(&said), "\"no [hidden] here\"");
    }
}
