use std::mem;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use solti_metrics::{MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome, noop_metrics};
use solti_metrics_host::MetricsCtx;
use solti_metrics_host::measure::{MeasureTarget, MeasuredGuest};
use solti_metrics_host::runner::{Runner, Task, TaskEnd};

use crate::bench::Result;
use crate::bench::latency::looking;
use crate::guest::component;

/// A backend for records whose duration is the time at which they were made, in
/// nanoseconds.
struct Arrivals<C> {
    /// The same clock, in nanoseconds.
    clock: C,
    delays: Mutex<Vec<u64>>,
}

impl<C: Fn() -> u64> Arrivals<C> {
    fn new(clock: C) -> Self {
        let delays = Mutex::default();
        Self { clock, delays }
    }

    fn take(&self) -> Vec<u64> {
        mem::take(&mut self.delays.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<C: Fn() -> u64 + Send + Sync + 'static> MetricsBackend for Arrivals<C> {
    fn record_task_started(&self, _: RunnerType) {}
    fn record_task_completed(&self, _: RunnerType, _: TaskOutcome, made: u64) {
        let mut delays = self.delays.lock().unwrap_or_else(PoisonError::into_inner);
        delays.push((self.clock)().saturating_sub(made));
    }
    fn record_runner_error(&self, _: RunnerType, _: RunnerErrorKind) {}
}

/// Durations are times, which are longer than any task.
const ANY: Duration = Duration::MAX;

/// A guest that looks at the clock before each record.
pub(super) fn without_a_pause(records: u32) -> Result<Vec<u64>> {
    let begun = Instant::now();
    let clock = move || begun.elapsed().as_nanos() as u64;
    let record = "(call $completed (i32.const 2) (i32.const 0) (local.get $time))";
    let guest = component(&looking(records, record))?;
    let guest = MeasuredGuest::with_clock(&guest, true, clock)?;
    let arrivals = Arc::new(Arrivals::new(clock));
    let ctx = MetricsCtx::builder().handle(arrivals.clone());
    let ctx = ctx.duration_ceiling(ANY).build();
    let mut instance = guest.instance(MeasureTarget::Ctx(Box::new(ctx)))?;
    instance.call()?;
    Ok(arrivals.take())
}

/// A guest of the runner, which drains the ring at ticks.
pub(super) fn at_ticks(records: u32) -> Result<Vec<u64>> {
    let arrivals = Arc::new(Arrivals::new(|| {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        now.unwrap_or_default().as_nanos() as u64
    }));
    let runner = Runner::builder(arrivals.clone())
        .own_backend(noop_metrics())
        .duration_ceiling(ANY)
        .build()?;
    let program = runner.load("computing", &component(&computing(records))?)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let report = runtime.block_on(runner.run(&program, Task::new()))?;
    match report.end {
        TaskEnd::Exited { code: 0 } => Ok(arrivals.take()),
        end => Err(format!("it ended so: {end}").into()),
    }
}

/// A guest that records the time, and computes for more than a tick without a host call. The
/// computations have different lengths, so that they do not keep time with the ticks.
fn computing(records: u32) -> String {
    format!(
        r#"(module
            (import "wasi:clocks/wall-clock@0.2.12" "now" (func $now (param i32)))
            (import "solti:metrics/backend@0.1.0" "record-task-completed"
                (func $completed (param i32 i32 i64)))
            (memory (export "memory") 1)
            (func (export "wasi:cli/run@0.2.12#run") (result i32)
                (local $left i32) (local $steps i32) (local $number i64)
                (local.set $left (i32.const {records}))
                (loop $again
                    (call $now (i32.const 0))
                    (call $completed (i32.const 2) (i32.const 0)
                        (i64.add
                            (i64.mul (i64.load (i32.const 0)) (i64.const 1000000000))
                            (i64.load32_u offset=8 (i32.const 0))))
                    (local.set $steps (i32.add (i32.const 5000000)
                        (i32.mul (i32.const 10007)
                            (i32.rem_u (i32.mul (local.get $left) (i32.const 37))
                                (i32.const 400)))))
                    (loop $step
                        (local.set $number (i64.div_u
                            (i64.add (local.get $number) (i64.const 0x123456789abcdef))
                            (i64.extend_i32_u (local.get $steps))))
                        (br_if $step (local.tee $steps
                            (i32.sub (local.get $steps) (i32.const 1)))))
                    (br_if $again (local.tee $left
                        (i32.sub (local.get $left) (i32.const 1)))))
                (i64.store (i32.const 16) (local.get $number))
                i32.const 0))"#
    )
}
