//! The dialects of statsd.

use std::fmt;
use std::str::FromStr;

use super::StatsdError;

/// Format of labels in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum StatsdDialect {
    /// Labels are segments of the name. Every statsd server supports this dialect.
    #[default]
    Plain,
    /// Labels are tags, `|#runner:wasm`. Datadog's agent supports this dialect, and so do
    /// other servers.
    DogStatsd,
}

impl StatsdDialect {
    /// Every dialect.
    pub const ALL: [Self; 2] = [Self::Plain, Self::DogStatsd];

    /// Name of the dialect in a configuration: `plain` or `dogstatsd`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::DogStatsd => "dogstatsd",
        }
    }
}

impl fmt::Display for StatsdDialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for StatsdDialect {
    type Err = StatsdError;

    fn from_str(name: &str) -> Result<Self, StatsdError> {
        Self::ALL
            .into_iter()
            .find(|dialect| dialect.as_str() == name)
            .ok_or_else(|| StatsdError::UnknownDialect(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dialect_is_found_by_its_name_and_others_are_rejected() {
        for dialect in StatsdDialect::ALL {
            assert_eq!(dialect.to_string().parse().ok(), Some(dialect));
        }
        let error = "graphite".parse::<StatsdDialect>().err();
        assert_eq!(
            error.map(|error| error.to_string()).as_deref(),
            Some("unknown statsd dialect \"graphite\": it must be plain or dogstatsd")
        );
    }
}
