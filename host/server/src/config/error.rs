//! Errors of a configuration, each with its position in the file.

use std::fmt;

/// An error of a configuration, and its position.
#[derive(Debug)]
pub struct ConfigError {
    pub(super) file: String,
    /// Line and column, from 1.
    pub(super) at: Option<(usize, usize)>,
    pub(super) key: String,
    pub(super) what: String,
}

impl ConfigError {
    /// The file, as messages show it.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The line and the column, from 1; `None` if the error is about the file as a whole.
    pub const fn position(&self) -> Option<(usize, usize)> {
        self.at
    }

    /// The key, such as `tasks.hello.interval`; empty if the error concerns no key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The cause and the fix.
    pub fn reason(&self) -> &str {
        &self.what
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some((line, column)) = self.at {
            write!(f, ":{line}:{column}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.what)
    }
}

impl std::error::Error for ConfigError {}

/// Maximum number of errors of one configuration that are shown. Further errors are
/// counted.
pub(super) const MAX_SHOWN: usize = 100;

/// The errors of a configuration, in the order of the file: the first 100, and the number
/// of further errors.
#[derive(Debug)]
pub struct ConfigErrors {
    pub(super) shown: Vec<ConfigError>,
    pub(super) more: usize,
}

impl ConfigErrors {
    /// The errors that are shown.
    pub fn errors(&self) -> &[ConfigError] {
        &self.shown
    }

    /// The errors, one on each line, and the number of further errors.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        let more = (self.more > 0).then(|| {
            let (file, more) = (self.shown.first().map_or("", |it| &it.file), self.more);
            format!("{file}: {more} more errors are not shown; the first {MAX_SHOWN} are")
        });
        self.shown.iter().map(ToString::to_string).chain(more)
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().collect::<Vec<_>>().join("\n"))
    }
}

impl std::error::Error for ConfigErrors {}
