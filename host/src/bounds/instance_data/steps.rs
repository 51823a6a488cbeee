use super::{NoBound, Result};

/// Number of steps that are left. Reading and walking have the same number each, so that a
/// component of any size and shape takes some megabytes and milliseconds. A program with Python
/// takes a few hundred steps.
#[derive(Debug)]
pub(super) struct Steps(u32);

impl Steps {
    pub(super) const ALL: Self = Self(super::MOST_STEPS);

    /// Takes one step, and one for each of its names.
    pub(super) fn take(&mut self, names: usize) -> Result {
        let steps = u32::try_from(names).ok().and_then(|it| it.checked_add(1));
        let left = steps.and_then(|steps| self.0.checked_sub(steps));
        self.0 = left.ok_or(NoBound::TooManySteps)?;
        Ok(())
    }
}
