use std::time::Duration;

use anyhow::Result;

use crate::endurance::{Then, guest};
use crate::guest::component;

/// A guest of a campaign. Each makes another number of records, so that records in a wrong
/// ledger are noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Program {
    Silent,
    Quick,
    Many,
    Fails,
    Traps,
    Loops,
    Naps,
    Prints,
}

impl Program {
    pub(crate) const ALL: [Self; 8] = [
        Self::Silent,
        Self::Quick,
        Self::Many,
        Self::Fails,
        Self::Traps,
        Self::Loops,
        Self::Naps,
        Self::Prints,
    ];

    pub(crate) const fn file(self) -> &'static str {
        match self {
            Self::Silent => "silent.wasm",
            Self::Quick => "quick.wasm",
            Self::Many => "many.wasm",
            Self::Fails => "fails.wasm",
            Self::Traps => "traps.wasm",
            Self::Loops => "loops.wasm",
            Self::Naps => "naps.wasm",
            Self::Prints => "prints.wasm",
        }
    }

    /// Number of started tasks that the guest records, and of completed ones.
    const fn tasks(self) -> u32 {
        match self {
            Self::Silent => 0,
            Self::Quick => 7,
            Self::Many => 5_003,
            Self::Fails => 3,
            Self::Traps => 11,
            Self::Loops => 2,
            Self::Naps => 5,
            Self::Prints => 1,
        }
    }

    /// Number of records of a run that is not interrupted.
    pub(crate) const fn records(self) -> u64 {
        2 * self.tasks() as u64
    }

    /// The outcome of a run that is not interrupted.
    pub(crate) const fn outcome(self) -> &'static str {
        match self {
            Self::Fails | Self::Traps => "failure",
            Self::Loops => "timeout",
            Self::Silent | Self::Quick | Self::Many | Self::Naps | Self::Prints => "success",
        }
    }

    fn then(self) -> Then {
        match self {
            Self::Silent | Self::Quick | Self::Many => Then::Succeeds,
            Self::Fails => Then::Fails,
            Self::Traps => Then::Traps,
            Self::Loops => Then::Loops,
            Self::Naps => Then::Sleeps(Duration::from_millis(60)),
            Self::Prints => Then::Prints(8),
        }
    }

    pub(crate) fn component(self) -> Result<Vec<u8>> {
        guest(self.tasks(), self.then())
    }
}

/// A provider of a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Provider {
    /// It takes every record.
    Takes,
    /// It traps at each completed task.
    Traps,
    /// It traps at the hundredth completed task.
    TrapsSometimes,
    /// Its first completed task never returns.
    Loops,
}

impl Provider {
    pub(crate) const ALL: [Self; 4] = [Self::Takes, Self::Traps, Self::TrapsSometimes, Self::Loops];

    pub(crate) const fn file(self) -> &'static str {
        match self {
            Self::Takes => "takes.wasm",
            Self::Traps => "traps-at-once.wasm",
            Self::TrapsSometimes => "traps-sometimes.wasm",
            Self::Loops => "loops-for-ever.wasm",
        }
    }

    /// The component of the provider.
    ///
    /// # Errors
    ///
    /// When the component cannot be built, which depends only on this file.
    pub fn component(self) -> Result<Vec<u8>> {
        let body = match self {
            Self::Takes => "",
            Self::Traps => "unreachable",
            Self::TrapsSometimes => {
                "(global.set $taken (i32.add (global.get $taken) (i32.const 1)))
                 (if (i32.gt_u (global.get $taken) (i32.const 99)) (then unreachable))"
            }
            Self::Loops => "(loop br 0)",
        };
        component(&format!(
            r#"(module
            (global $taken (mut i32) (i32.const 0))
            (func (export "solti:metrics/backend@0.1.0#record-task-started") (param i32))
            (func (export "solti:metrics/backend@0.1.0#record-task-completed")
                (param i32 i32 i64) {body})
            (func (export "solti:metrics/backend@0.1.0#record-runner-error") (param i32 i32)))"#
        ))
    }
}
