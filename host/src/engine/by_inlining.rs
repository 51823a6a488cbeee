/// A value for components whose calls are inlined, and one for other components.
pub(crate) struct ByInlining<T> {
    inlined: T,
    called: T,
}

impl<T> ByInlining<T> {
    /// Makes both values. The function is given whether calls are inlined.
    pub(crate) fn try_new<E>(mut make: impl FnMut(bool) -> Result<T, E>) -> Result<Self, E> {
        Ok(Self {
            inlined: make(true)?,
            called: make(false)?,
        })
    }

    /// The value for components whose calls are inlined, or not.
    pub(crate) fn of(&self, inlined: bool) -> &T {
        match inlined {
            true => &self.inlined,
            false => &self.called,
        }
    }

    /// Both values.
    pub(crate) fn both(&self) -> [&T; 2] {
        [&self.inlined, &self.called]
    }
}
