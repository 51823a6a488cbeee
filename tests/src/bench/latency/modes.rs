//! The ways of a record, each with looks at the clock.

use std::sync::Arc;

use solti_metrics::{
    ExpositionFormat, MetricsBackend, MetricsHandle, PrometheusMetrics, RunnerErrorKind,
    RunnerType, TaskOutcome,
};
use solti_metrics_host::measure::{MeasureTarget, MeasuredGuest};
use solti_metrics_host::provider::{BackendOptions, ComponentBackend, Grants, Providers};
use solti_metrics_host::{MetricsCtx, MetricsCtxView, add_to_linker};
use wasmtime::Store;
use wasmtime::component::{Component, Linker};

use super::stamps::Stamps;
use crate::bench::Result;
use crate::bench::rows::{adder, engine, main_of, recording};
use crate::guest::component;

/// A way of a record, or the clock alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Only looks at the clock.
    Clock,
    /// A call through `Arc<dyn MetricsBackend>`.
    Native,
    /// A guest in the recording mode `direct`. The host looks at the clock at the end of
    /// each record.
    Direct,
    /// A native call into the queue of a component.
    Queue,
    /// Only looks at the clock, by a guest.
    GuestClock,
    /// A guest in the recording mode `inline`. The guest looks at the clock through a host
    /// call after each record.
    Inline,
}

impl Mode {
    /// All modes. The modes that look at the clock in the same way follow each other.
    pub(crate) const ALL: [Self; 6] = [
        Self::Clock,
        Self::Native,
        Self::Direct,
        Self::Queue,
        Self::GuestClock,
        Self::Inline,
    ];

    /// A short name.
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Clock => "the clock alone",
            Self::Native => "native, Prometheus",
            Self::Direct => "direct into Prometheus",
            Self::Queue => "into a component's queue",
            Self::GuestClock => "the clock alone, in a guest",
            Self::Inline => "inlined into Prometheus, epoch",
        }
    }

    /// Whether the mode makes records.
    #[must_use]
    pub(crate) const fn has_backend(self) -> bool {
        !matches!(self, Self::Clock | Self::GuestClock)
    }
}

/// Capacity of the queue, in records: the records of eight threads.
const QUEUE: usize = 1 << 23;

/// Makes records in one mode. All threads share the backend.
pub(super) struct Recorder {
    mode: Mode,
    backend: Backend,
}

enum Backend {
    Prometheus(Arc<PrometheusMetrics>),
    Component(Arc<ComponentBackend>),
}

impl Recorder {
    pub(super) fn new(mode: Mode) -> Result<Self> {
        let backend = match mode {
            Mode::Queue => {
                let provider = Providers::new()?.load("adder", &adder()?, &Grants::new())?;
                let options = BackendOptions::new().queue_capacity(QUEUE);
                Backend::Component(Arc::new(ComponentBackend::start(&provider, options)?))
            }
            _ => Backend::Prometheus(Arc::default()),
        };
        Ok(Self { mode, backend })
    }

    fn handle(&self) -> MetricsHandle {
        match &self.backend {
            Backend::Prometheus(metrics) => metrics.clone(),
            Backend::Component(backend) => backend.clone(),
        }
    }

    /// Prepares records of this thread.
    pub(super) fn records(&self, records: u32) -> Result<Records> {
        match self.mode {
            Mode::Clock => Ok(natively(records, |_| {})),
            Mode::Native | Mode::Queue => {
                let handle = self.handle();
                Ok(natively(records, move |duration_ms| {
                    let (runner, outcome) = (RunnerType::Wasm, TaskOutcome::Success);
                    std::hint::black_box(&handle).record_task_completed(
                        runner,
                        outcome,
                        duration_ms,
                    );
                }))
            }
            Mode::Direct => direct(records, self.handle()),
            Mode::GuestClock => with_clock(records, "", self.handle()),
            Mode::Inline => with_clock(records, RECORD, self.handle()),
        }
    }

    /// Reads the metrics once.
    pub(super) fn scrape(&self) -> Result<()> {
        match &self.backend {
            Backend::Prometheus(metrics) => drop(metrics.encode(ExpositionFormat::OpenMetrics)?),
            Backend::Component(backend) => {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_time()
                    .build()?;
                drop(runtime.block_on(backend.expose())?);
            }
        }
        Ok(())
    }

    /// Records that found the queue full.
    pub(super) fn lost(&self) -> u64 {
        match &self.backend {
            Backend::Prometheus(_) => 0,
            Backend::Component(backend) => backend.status().ledger.dropped_total(),
        }
    }
}

/// Makes the records. Returns a time for each, in nanoseconds.
pub(super) type Records = Box<dyn FnOnce() -> Result<Vec<u32>>>;

fn natively(records: u32, record: impl Fn(u64) + 'static) -> Records {
    let stamps = Stamps::new(records);
    Box::new(move || {
        stamps.begin();
        for duration_ms in 1..=u64::from(records) {
            record(duration_ms);
            stamps.stamp();
        }
        Ok(stamps.take())
    })
}

/// A backend around a backend, which looks at the clock at the end of each record.
struct Stamping {
    stamps: Arc<Stamps>,
    next: MetricsHandle,
}

impl MetricsBackend for Stamping {
    fn record_task_started(&self, runner: RunnerType) {
        self.next.record_task_started(runner);
    }
    fn record_task_completed(&self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        self.next
            .record_task_completed(runner, outcome, duration_ms);
        self.stamps.stamp();
    }
    fn record_runner_error(&self, runner: RunnerType, error: RunnerErrorKind) {
        self.next.record_runner_error(runner, error);
    }
}

fn direct(records: u32, next: MetricsHandle) -> Result<Records> {
    let stamps = Arc::new(Stamps::new(records));
    let engine = engine()?;
    let bytes = component(&recording("solti:metrics/backend@0.1.0", records))?;
    let component = Component::from_binary(&engine, &bytes)?;
    let mut linker = Linker::new(&engine);
    add_to_linker(&mut linker, |ctx| MetricsCtxView { ctx })?;
    let backend = Stamping {
        stamps: stamps.clone(),
        next,
    };
    let ctx = MetricsCtx::builder().handle(Arc::new(backend)).build();
    let mut store = Store::new(&engine, ctx);
    let instance = linker.instantiate(&mut store, &component)?;
    let main = main_of(&mut store, &instance)?;
    Ok(Box::new(move || {
        stamps.begin();
        let (result,) = main.call(&mut store, ())?;
        result.map_err(|()| "the guest failed")?;
        Ok(stamps.take())
    }))
}

/// A record of a guest that looks at the clock.
const RECORD: &str = "(call $completed (i32.const 2) (i32.const 0) (local.get $time))";

/// Runs a guest that does this and looks at the clock, many times. The first look is before
/// the first time.
fn with_clock(records: u32, work: &str, next: MetricsHandle) -> Result<Records> {
    let stamps = Arc::new(Stamps::new(records + 1));
    let clock = stamps.clone();
    let guest = looking(records, work);
    let guest = MeasuredGuest::with_clock(&component(&guest)?, true, move || {
        clock.stamp();
        1
    })?;
    let ctx = MetricsCtx::builder().handle(next).build();
    let mut instance = guest.instance(MeasureTarget::Ctx(Box::new(ctx)))?;
    Ok(Box::new(move || {
        stamps.begin();
        instance.call()?;
        Ok(stamps.take().split_off(1))
    }))
}

/// A guest that looks at the clock, and then does this and looks at the clock `times`
/// times. `$time` is the time of the last look.
pub(in crate::bench) fn looking(times: u32, work: &str) -> String {
    format!(
        r#"(module
            (import "wasi:clocks/monotonic-clock@0.2.12" "now" (func $now (result i64)))
            (import "solti:metrics/backend@0.1.0" "record-task-completed"
                (func $completed (param i32 i32 i64)))
            (func (export "wasi:cli/run@0.2.12#run") (result i32)
                (local $left i32) (local $time i64)
                (local.set $left (i32.const {times}))
                (local.set $time (call $now))
                (loop $again
                    {work}
                    (local.set $time (call $now))
                    (br_if $again (local.tee $left
                        (i32.sub (local.get $left) (i32.const 1)))))
                i32.const 0))"#
    )
}
