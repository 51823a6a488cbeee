//! What a record costs on its way through a host function, against what a call
//! costs that core WebAssembly makes into the same body.
//!
//! The machine's speed cancels out of a ratio only if both sides were measured
//! at the same time: so the rows take turns, round after round, in CPU time of
//! this thread, and the ratios are those of the medians. criterion shows each
//! row on its own, too.

#![allow(clippy::print_stdout, reason = "a benchmark prints")]
#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot be set up has no result"
)]
#![allow(missing_docs, reason = "criterion's macros")]

#[path = "record/inlined.rs"]
mod inlined;

#[path = "record/provider.rs"]
mod provider;

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cpu_time::ThreadTime;
use criterion::{BatchSize, Criterion, criterion_group};
use solti_metrics::{
    Event, MetricsBackend, MetricsHandle, RunnerErrorKind, RunnerType, TaskOutcome,
};
use solti_metrics_host::{MetricsCtx, MetricsCtxView, add_to_linker};
use solti_metrics_tests::guest::component;
use wasmtime::component::{Component, Linker as ComponentLinker};
use wasmtime::{Caller, Config, Engine, Linker, Module, Store};

/// Records in one call of a guest's `main`.
const RECORDS: u32 = 10_000;

/// Turns that each row takes in the interleaved run.
const ROUNDS: usize = 301;

/// What is promised: a row, what it is compared with, and how many times as much
/// it may cost.
const LIMITS: [(&str, &str, f64); 4] = [
    // A record through a host function, against core calls into the same body and
    // into the backend alone.
    ("direct, sync", "core, admitted", 12.0),
    ("direct, sync", "core, Arc<dyn> call", 12.0),
    // The call alone; making the words comes on top, in the row above it.
    ("component, packed call", "core, Arc<dyn> call", 0.5),
    ("component, enqueued", "native Arc<dyn> call", 3.0),
];

/// The backend behind every row: two relaxed additions.
#[derive(Default)]
struct Atomics {
    count: AtomicU64,
    sum: AtomicU64,
}

impl Atomics {
    #[inline]
    fn add(&self, duration_ms: u64) {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(duration_ms, Ordering::Relaxed);
    }
}

impl MetricsBackend for Atomics {
    fn record_task_started(&self, _: RunnerType) {}
    fn record_task_completed(&self, _: RunnerType, _: TaskOutcome, duration_ms: u64) {
        self.add(duration_ms);
    }
    fn record_runner_error(&self, _: RunnerType, _: RunnerErrorKind) {}
}

/// A row: makes `RECORDS` records each time it is called.
type Row = (&'static str, Work);

/// What is measured, and what has to be done before that is not.
struct Work {
    before: Box<dyn FnMut()>,
    run: Box<dyn FnMut()>,
}

impl From<Box<dyn FnMut()>> for Work {
    fn from(run: Box<dyn FnMut()>) -> Self {
        let before = Box::new(|| {});
        Self { before, run }
    }
}

fn rows() -> Vec<Row> {
    vec![
        ("native Arc<dyn> call", native().into()),
        ("native, admitted", admitted().into()),
        ("core, bare atomics", core_bare().into()),
        ("core, Arc<dyn> call", core_dyn().into()),
        ("core, admitted", core_admitted().into()),
        ("direct, sync", direct(false).into()),
        ("direct, async", direct(true).into()),
        ("drain, noop", drain(solti_metrics::noop_metrics()).into()),
        ("drain, atomics", drain(Arc::new(Atomics::default())).into()),
        (
            "drain, prometheus",
            drain(Arc::new(solti_metrics::PrometheusMetrics::new())).into(),
        ),
        ("inlined", inlined::alone(false).into()),
        ("inlined, epoch", inlined::alone(true).into()),
        (
            "inlined, atomics",
            inlined::drained(false, Arc::new(Atomics::default())).into(),
        ),
        (
            "inlined, epoch, atomics",
            inlined::drained(true, Arc::new(Atomics::default())).into(),
        ),
        (
            "inlined, epoch, prometheus",
            inlined::drained(true, Arc::new(solti_metrics::PrometheusMetrics::new())).into(),
        ),
        (
            "native, prometheus",
            native_into(Arc::new(solti_metrics::PrometheusMetrics::new())).into(),
        ),
        ("component, enqueued", provider::enqueued()),
        ("component, packed batch", provider::packed().into()),
        ("component, packed call", provider::packed_call().into()),
        ("component, typed batch", provider::typed().into()),
        ("component, one by one", provider::one_by_one().into()),
    ]
}

fn native() -> Box<dyn FnMut()> {
    native_into(Arc::new(Atomics::default()))
}

fn native_into(backend: MetricsHandle) -> Box<dyn FnMut()> {
    Box::new(move || {
        for duration_ms in 0..u64::from(RECORDS) {
            black_box(&backend).record_task_completed(
                RunnerType::Wasm,
                TaskOutcome::Success,
                black_box(duration_ms),
            );
        }
    })
}

fn drain(backend: MetricsHandle) -> Box<dyn FnMut()> {
    let mut ctx = MetricsCtx::builder().handle(backend).build();
    let words: Vec<_> = (0..250).map(|ms| completed(ms).to_words()).collect();
    Box::new(move || {
        for _ in 0..40 {
            solti_metrics_host::measure::drain(&mut ctx, black_box(&words));
        }
    })
}

/// What a context adds to a call: limits, the ledger, and that a panic ends here.
fn admitted() -> Box<dyn FnMut()> {
    let mut ctx = MetricsCtx::builder().backend(Atomics::default()).build();
    Box::new(move || {
        for duration_ms in 0..u64::from(RECORDS) {
            ctx.record(completed(black_box(duration_ms)));
        }
    })
}

fn core_bare() -> Box<dyn FnMut()> {
    core(Atomics::default(), |atomics, duration_ms| {
        atomics.add(duration_ms)
    })
}

fn core_dyn() -> Box<dyn FnMut()> {
    let backend: MetricsHandle = Arc::new(Atomics::default());
    core(backend, |backend, duration_ms| {
        backend.record_task_completed(RunnerType::Wasm, TaskOutcome::Success, duration_ms);
    })
}

fn core_admitted() -> Box<dyn FnMut()> {
    let ctx = MetricsCtx::builder().backend(Atomics::default()).build();
    core(ctx, |ctx, duration_ms| ctx.record(completed(duration_ms)))
}

/// A core module that calls a host function with this body.
fn core<T: 'static>(
    data: T,
    body: impl Fn(&mut T, u64) + Send + Sync + 'static,
) -> Box<dyn FnMut()> {
    let engine = engine();
    let module = Module::new(&engine, wat::parse_str(guest("host")).unwrap()).unwrap();
    let mut linker = Linker::new(&engine);
    let completed = move |mut caller: Caller<'_, T>, _: i32, _: i32, duration_ms: i64| {
        body(caller.data_mut(), duration_ms.cast_unsigned());
    };
    linker
        .func_wrap("host", "record-task-completed", completed)
        .unwrap();
    let mut store = Store::new(&engine, data);
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let main = instance
        .get_typed_func::<(), i32>(&mut store, "wasi:cli/run@0.2.12#run")
        .unwrap();
    Box::new(move || {
        main.call(&mut store, ()).unwrap();
    })
}

fn completed(duration_ms: u64) -> Event {
    Event::TaskCompleted {
        runner: RunnerType::Wasm,
        outcome: TaskOutcome::Success,
        duration_ms,
    }
}

fn direct(asynchronous: bool) -> Box<dyn FnMut()> {
    let engine = engine();
    let bytes = component(&guest("solti:metrics/backend@0.1.0")).unwrap();
    let component = Component::from_binary(&engine, &bytes).unwrap();
    let mut linker = ComponentLinker::new(&engine);
    add_to_linker(&mut linker, |ctx| MetricsCtxView { ctx }).unwrap();
    let ctx = MetricsCtx::builder().backend(Atomics::default()).build();
    let mut store = Store::new(&engine, ctx);
    let instance = linker.instantiate(&mut store, &component).unwrap();
    let interface = instance
        .get_export_index(&mut store, None, "wasi:cli/run@0.2.12")
        .unwrap();
    let run = instance
        .get_export_index(&mut store, Some(&interface), "run")
        .unwrap();
    let main = instance
        .get_typed_func::<(), (Result<(), ()>,)>(&mut store, run)
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    Box::new(move || {
        let (result,) = if asynchronous {
            runtime.block_on(main.call_async(&mut store, ())).unwrap()
        } else {
            main.call(&mut store, ()).unwrap()
        };
        result.unwrap();
    })
}

/// Without component-model concurrency, as the runner's: with it, which is the
/// default where that feature of wasmtime is built in, a record costs twice as
/// much.
fn engine() -> Engine {
    let mut config = Config::new();
    config.concurrency_support(false);
    Engine::new(&config).unwrap()
}

/// A guest that records in a loop, through an import of this module.
fn guest(module: &str) -> String {
    format!(
        r#"(module
            (import "{module}" "record-task-completed"
                (func $completed (param i32 i32 i64)))
            (func (export "wasi:cli/run@0.2.12#run") (result i32)
                (local $left i32)
                (local.set $left (i32.const {RECORDS}))
                (loop $again
                    (call $completed
                        (i32.const 2) (i32.const 0)
                        (i64.extend_i32_u (local.get $left)))
                    (br_if $again (local.tee $left
                        (i32.sub (local.get $left) (i32.const 1)))))
                i32.const 0))"#
    )
}

fn each_alone(criterion: &mut Criterion) {
    for (
        name,
        Work {
            mut before,
            mut run,
        },
    ) in rows()
    {
        criterion.bench_function(&format!("{RECORDS} records, {name}"), |bencher| {
            bencher.iter_batched(&mut before, |()| run(), BatchSize::PerIteration);
        });
    }
}

fn interleaved() {
    let mut rows = rows();
    let mut times = vec![Vec::with_capacity(ROUNDS); rows.len()];
    for _ in 0..ROUNDS {
        for ((_, Work { before, run }), times) in rows.iter_mut().zip(&mut times) {
            before();
            let start = ThreadTime::now();
            run();
            times.push(start.elapsed());
        }
    }
    let medians: Vec<_> = times.iter_mut().map(|times| median(times)).collect();
    let of = |wanted| {
        let row = rows.iter().position(|(name, _)| *name == wanted);
        medians[row.unwrap()]
    };
    let (native, core) = (of("native Arc<dyn> call"), of("core, admitted"));
    println!("\ninterleaved, medians of {ROUNDS} rounds of {RECORDS} records, CPU time");
    println!(
        "{:<24} {:>10} {:>10} {:>10}",
        "row", "ns", "x native", "x core"
    );
    for ((name, _), &ns) in rows.iter().zip(&medians) {
        println!(
            "{name:<24} {ns:>10.1} {:>10.2} {:>10.2}",
            ns / native,
            ns / core
        );
    }
    for (row, other, limit) in LIMITS {
        let ratio = of(row) / of(other);
        let verdict = if ratio <= limit {
            "holds"
        } else {
            "DOES NOT HOLD"
        };
        println!("{row} / {other}: {ratio:.2}, limit {limit}: {verdict}");
    }
}

/// Nanoseconds for one record.
fn median(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e9 / f64::from(RECORDS)
}

criterion_group!(benches, each_alone);

fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
    interleaved();
}
