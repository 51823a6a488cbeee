//! The part of YAML that rules need: lines with an indent, and texts in double quotes.
//! YAML reads such texts as JSON does.

use std::fmt::Write;

pub(super) struct Yaml(String);

impl Yaml {
    pub(super) fn new(head: &str) -> Self {
        Self(head.to_owned())
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }

    pub(super) fn line(&mut self, indent: usize, line: &str) -> &mut Self {
        for _ in 0..indent {
            self.0.push_str("  ");
        }
        self.0.push_str(line);
        self.0.push('\n');
        self
    }

    pub(super) fn comment(&mut self, indent: usize, comment: &str) -> &mut Self {
        self.line(indent, &format!("# {comment}"))
    }

    /// Writes the first key of a list item.
    pub(super) fn item(&mut self, indent: usize, key: &str, text: &str) -> &mut Self {
        self.line(indent, &format!("- {key}: {}", quoted(text)))
    }

    pub(super) fn text(&mut self, indent: usize, key: &str, text: &str) -> &mut Self {
        self.line(indent, &format!("{key}: {}", quoted(text)))
    }

    /// Writes a text of several lines.
    pub(super) fn block(&mut self, indent: usize, key: &str, text: &str) -> &mut Self {
        self.line(indent, &format!("{key}: |-"));
        for line in text.lines() {
            self.line(indent + 1, line);
        }
        self
    }
}

pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            c if c.is_control() => {
                // Writing into a string cannot fail.
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
