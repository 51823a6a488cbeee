//! Without a component: calls from native code.

use std::hint::black_box;
use std::sync::Arc;

use solti_metrics::{MetricsHandle, PrometheusMetrics, RunnerType, TaskOutcome, noop_metrics};
use solti_metrics_host::MetricsCtx;

use super::backends::{Atomics, completed, scraped};
use super::handles::Handles;
use crate::bench::{Arrived, Result, Work};

pub(super) fn no_op(records: u32) -> Box<dyn Work> {
    called(records, noop_metrics(), || Ok(Arrived::Untold))
}

pub(super) fn atomics(records: u32) -> Box<dyn Work> {
    let atomics = Arc::new(Atomics::default());
    called(records, atomics.clone(), move || Ok(atomics.arrived()))
}

pub(super) fn prometheus(records: u32) -> Box<dyn Work> {
    let metrics = Arc::new(PrometheusMetrics::new());
    called(records, metrics.clone(), move || scraped(&metrics))
}

pub(super) fn handles(records: u32) -> Box<dyn Work> {
    let handles = Handles::new();
    called(records, handles.clone(), move || handles.arrived())
}

fn called(
    records: u32,
    backend: MetricsHandle,
    arrived: impl Fn() -> Result<Arrived> + 'static,
) -> Box<dyn Work> {
    Box::new(Called {
        records,
        backend,
        arrived: Box::new(arrived),
    })
}

struct Called {
    records: u32,
    backend: MetricsHandle,
    arrived: Box<dyn Fn() -> Result<Arrived>>,
}

impl Work for Called {
    fn run(&mut self) -> Result<()> {
        for duration_ms in 1..=u64::from(self.records) {
            black_box(&self.backend).record_task_completed(
                RunnerType::Wasm,
                TaskOutcome::Success,
                black_box(duration_ms),
            );
        }
        Ok(())
    }

    fn arrived(&mut self) -> Result<Arrived> {
        (self.arrived)()
    }
}

pub(super) fn admitted(records: u32) -> Box<dyn Work> {
    let atomics = Arc::new(Atomics::default());
    Box::new(Admitted {
        records,
        ctx: MetricsCtx::builder().handle(atomics.clone()).build(),
        atomics,
    })
}

struct Admitted {
    records: u32,
    ctx: MetricsCtx,
    atomics: Arc<Atomics>,
}

impl Work for Admitted {
    fn run(&mut self) -> Result<()> {
        for duration_ms in 1..=u64::from(self.records) {
            self.ctx.record(completed(black_box(duration_ms)));
        }
        Ok(())
    }

    fn arrived(&mut self) -> Result<Arrived> {
        Ok(self.atomics.arrived())
    }
}
