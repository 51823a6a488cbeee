use super::Refusal;
use crate::component::LoadError;

/// Result of the search for code that need not be compiled.
pub(crate) enum FoundCode<T> {
    /// The code was found and loaded.
    Loaded(T),
    /// No code was found, or no code that can be used: the component has to be compiled.
    Nothing(Option<Refusal>),
}

/// Code in a file that is not used.
pub(crate) enum NotUsed {
    /// The file's component can be compiled instead.
    Refused(Refusal),
    /// The component cannot be loaded either.
    Wrong(LoadError),
}

impl NotUsed {
    /// Warns the operator that the host compiles although the file is precompiled.
    pub(super) fn warn(&self, name: &str) {
        if let Self::Refused(reason) = self {
            tracing::warn!(component = name, %reason, "precompiled code is not used");
        }
    }
}

impl From<Refusal> for NotUsed {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<LoadError> for NotUsed {
    fn from(error: LoadError) -> Self {
        Self::Wrong(error)
    }
}
