use std::fmt;

/// Why a configuration cannot be used, and where that stands.
#[derive(Debug)]
pub(crate) struct ConfigError {
    pub(super) file: String,
    /// Line and column, from 1.
    pub(super) at: Option<(usize, usize)>,
    pub(super) key: String,
    pub(super) what: String,
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

/// All reasons why it cannot be used, in the order of the file.
#[derive(Debug)]
pub(crate) struct ConfigErrors(pub(super) Vec<ConfigError>);

impl ConfigErrors {
    pub(crate) fn all(&self) -> impl Iterator<Item = &ConfigError> {
        self.0.iter()
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&texts.join("\n"))
    }
}

impl std::error::Error for ConfigErrors {}
