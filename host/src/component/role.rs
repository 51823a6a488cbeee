use std::fmt;

/// The part that a component can play.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// It records metrics.
    Guest,
    /// It receives metrics.
    Provider,
    /// It receives metrics and passes them on.
    Middleware,
    /// It has nothing to do with metrics.
    None,
}

impl Role {
    /// A short name, in snake case.
    #[must_use]
    pub const fn as_label(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Provider => "provider",
            Self::Middleware => "middleware",
            Self::None => "none",
        }
    }

    /// As part of a sentence.
    pub(crate) const fn described(self) -> &'static str {
        match self {
            Self::Guest => "a guest, which records metrics and receives none",
            Self::Provider => "a provider",
            Self::Middleware => "a middleware",
            Self::None => "a component that has nothing to do with metrics",
        }
    }

    /// What to say to somebody who tried to run it.
    pub(crate) const fn hint(self) -> &'static str {
        match self {
            Self::Guest | Self::None => "build it as a program with a `main`",
            Self::Provider => "it is a provider, a backend for others: run a guest instead",
            Self::Middleware => {
                "it is a middleware, which stands between others: run a guest instead"
            }
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_label())
    }
}
