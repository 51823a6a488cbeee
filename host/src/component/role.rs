//! Roles of components.

use std::fmt;

/// Role of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// The component records metrics.
    Guest,
    /// The component receives metrics.
    Provider,
    /// The component receives metrics and passes them on.
    Middleware,
    /// The component neither records nor receives metrics.
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

    /// The role as part of a sentence.
    pub(crate) const fn described(self) -> &'static str {
        match self {
            Self::Guest => "a guest",
            Self::Provider => "a provider",
            Self::Middleware => "a middleware",
            Self::None => "a component without metrics",
        }
    }

    /// Fix for a user who tried to run a component with this role.
    pub(crate) const fn hint(self) -> &'static str {
        match self {
            Self::Guest | Self::None => "build it as a program with a `main`",
            Self::Provider => {
                "it is a provider, which is a backend for guests: run a guest instead"
            }
            Self::Middleware => {
                "it is a middleware, which runs between a guest and a backend: run a guest instead"
            }
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_label())
    }
}
