//! Growth of cost with concurrent guests, with tasks, and with the size of a component.
//! Each is measured separately, not in turns.

mod components;
mod guests;
mod tasks;

pub(crate) use components::Sized;
pub(crate) use guests::Guests;
pub(crate) use tasks::{After, CROWD};

#[cfg(test)]
pub(crate) use guests::AtOnce;

use super::Result;

/// Measured growth of cost.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Growth {
    /// Concurrent guests that share a backend.
    pub(crate) guests: Guests,
    /// Tasks through one runner.
    pub(crate) tasks: Vec<After>,
    /// Components of different sizes.
    pub(crate) components: Vec<Sized>,
}

/// Sizes up to which growth is measured.
pub(super) struct Extent {
    pub(super) guests: usize,
    /// Number of attempts with each number of guests.
    pub(super) attempts: usize,
    pub(super) tasks: u32,
    pub(super) bytes: usize,
}

impl Growth {
    pub(super) fn measure(extent: &Extent) -> Result<Self> {
        Ok(Self {
            guests: Guests::measure(extent.guests, extent.attempts)?,
            tasks: tasks::measure(extent.tasks)?,
            components: components::measure(extent.bytes)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_measured_up_to_the_requested_sizes() -> Result<()> {
        let growth = Growth::measure(&Extent {
            guests: 2,
            attempts: 1,
            tasks: 10,
            bytes: 10 << 10,
        })?;
        let guests = growth.guests.at_once.iter().map(|at| at.guests);
        assert_eq!(guests.collect::<Vec<_>>(), [1, 2]);
        let tasks = growth.tasks.iter().map(|after| after.tasks);
        assert_eq!(tasks.collect::<Vec<_>>(), [1, 10]);
        let [small, large] = growth.components.as_slice() else {
            return Err(format!("not two of them: {:?}", growth.components).into());
        };
        assert!(small.bytes < large.bytes && small.artifact < large.artifact);
        Ok(())
    }
}
