//! Whole tasks, through the runner.

use std::sync::Arc;

use solti_metrics_host::runner::{Pool, Program, Runner, Task, TaskEnd};
use tokio::runtime::Runtime;

use super::backends::Atomics;
use super::guest::{BACKEND, recording};
use crate::bench::{Arrived, Result, Work};
use crate::guest::component;

/// Measures tasks, one after another. `pool` is the capacity of the pool, if there is a
/// pool.
pub(super) fn tasks(tasks: u32, pool: Option<u32>) -> Result<Box<dyn Work>> {
    let mut builder = Runner::builder(Arc::new(Atomics::default()));
    if let Some(slots) = pool {
        builder = builder.pool(Pool::new(slots));
    }
    let runner = builder.build()?;
    Ok(Box::new(Tasks {
        tasks,
        program: runner.load("guest", &component(&recording(BACKEND, 1))?)?,
        runner,
        runtime: tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()?,
    }))
}

struct Tasks {
    tasks: u32,
    runner: Runner,
    program: Program,
    runtime: Runtime,
}

impl Work for Tasks {
    fn run(&mut self) -> Result<()> {
        self.runtime.block_on(async {
            for _ in 0..self.tasks {
                let report = self.runner.run(&self.program, Task::new()).await?;
                if report.end != (TaskEnd::Exited { code: 0 }) {
                    return Err(format!("it ended so: {}", report.end).into());
                }
            }
            Ok(())
        })
    }

    /// Each guest has delivered a record.
    fn arrived(&mut self) -> Result<Arrived> {
        Ok(Arrived::Counted(self.runner.guest_ledger().delivered()))
    }
}
