//! The words of an expression.

use anyhow::{Context, Result};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name of any kind.
    Word(String),
    /// A text in quotes.
    Text(String),
    /// A number or a duration.
    Number,
    /// Each other character.
    Sign(char),
}

/// Splits an expression into tokens. Durations in brackets do not concern metrics, and
/// are left out.
pub(super) fn tokens(expression: &str) -> Result<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = expression.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' | '`' => {
                let text = &rest[1..];
                let end = end_of(text, first).context("a text without an end")?;
                tokens.push(Token::Text(text[..end].to_owned()));
                end + 2
            }
            '[' => rest.find(']').context("a bracket without an end")? + 1,
            _ if first.is_ascii_digit() => {
                tokens.push(Token::Number);
                word_length(rest)
            }
            _ if is_word(first) => {
                let length = word_length(rest);
                tokens.push(Token::Word(rest[..length].to_owned()));
                length
            }
            _ => {
                tokens.push(Token::Sign(first));
                first.len_utf8()
            }
        };
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

/// Position of the quote that ends a text. A backslash escapes the next character.
fn end_of(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    let is_end = |(_, c): &(usize, char)| {
        let ends = *c == quote && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    };
    text.char_indices().find(is_end).map(|(at, _)| at)
}

fn word_length(text: &str) -> usize {
    text.find(|c| !is_word(c) && c != '.').unwrap_or(text.len())
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == ':'
}
