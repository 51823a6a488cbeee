use super::Refusal;
use crate::component::LoadError;

/// What need not be compiled.
pub(crate) enum Found<T> {
    /// It is loaded.
    Loaded(T),
    /// There is nothing, or nothing of use: the component has to be compiled.
    Nothing(Option<Refusal>),
}

/// Code in a file that is not used.
pub(crate) enum NotUsed {
    /// The file's component can be compiled instead.
    Refused(Refusal),
    /// The component would not be loaded either.
    Wrong(LoadError),
}

impl NotUsed {
    /// For whoever looks after this host: it does what it was to be spared.
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
