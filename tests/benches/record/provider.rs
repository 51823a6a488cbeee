//! What a record costs on its way into a component: put into its queue, and
//! handed over one by one, as typed records and as packed words.

use std::hint::black_box;
use std::sync::Arc;

use solti_metrics::{Event, MetricsHandle};
use solti_metrics_host::provider::{BackendOptions, ComponentBackend, Grants, Providers};
use solti_metrics_tests::guest;
use wasmtime::component::{Component, ComponentNamedList, ComponentType, Instance, Lift, Linker};
use wasmtime::component::{Lower, TypedFunc};
use wasmtime::{Engine, Store};

use super::{RECORDS, Work, completed, engine};

/// Records in one call.
const BATCH: usize = 1_024;

/// Takes records and adds them up, in both ways.
const PROVIDER: &str = r#"(module
    (memory (export "memory") 2)
    (global $count (mut i64) (i64.const 0))
    (global $sum (mut i64) (i64.const 0))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 65536))
    (func $add (param $ms i64)
      (global.set $count (i64.add (global.get $count) (i64.const 1)))
      (global.set $sum (i64.add (global.get $sum) (local.get $ms))))
    (func (export "solti:metrics/backend@0.1.0#record-task-started") (param i32))
    (func (export "solti:metrics/backend@0.1.0#record-task-completed") (param i32 i32 i64)
      (call $add (local.get 2)))
    (func (export "solti:metrics/backend@0.1.0#record-runner-error") (param i32 i32))
    (func (export "solti:metrics/batch@0.1.0#record-batch") (param $at i32) (param $words i32)
      (local $end i32) (local $sum i64)
      (local.set $end (i32.add (local.get $at) (i32.mul (local.get $words) (i32.const 8))))
      (block $done (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $sum (i64.add (local.get $sum) (i64.load offset=8 (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $next)))
      (global.set $count
        (i64.add (global.get $count) (i64.extend_i32_u (i32.shr_u (local.get $words) (i32.const 1)))))
      (global.set $sum (i64.add (global.get $sum) (local.get $sum)))))"#;

/// The same batch with a type for what a record says.
const TYPED: &str = r#"(component
    (core module $m
      (memory (export "memory") 2)
      (global $count (mut i64) (i64.const 0))
      (global $sum (mut i64) (i64.const 0))
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 65536))
      (func (export "take") (param $at i32) (param $records i32)
        (local $end i32) (local $sum i64)
        (local.set $end (i32.add (local.get $at) (i32.mul (local.get $records) (i32.const 16))))
        (block $done (loop $next
          (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
          (local.set $sum (i64.add (local.get $sum) (i64.load offset=8 (local.get $at))))
          (local.set $at (i32.add (local.get $at) (i32.const 16)))
          (br $next)))
        (global.set $count (i64.add (global.get $count) (i64.extend_i32_u (local.get $records))))
        (global.set $sum (i64.add (global.get $sum) (local.get $sum)))))
    (core instance $i (instantiate $m))
    (type $call' (enum "started" "completed" "error"))
    (export $call "call" (type $call'))
    (type $runner' (enum "subprocess" "container" "wasm"))
    (export $runner "runner-type" (type $runner'))
    (type $record' (record
      (field "call" $call) (field "runner" $runner) (field "label" u8) (field "duration-ms" u64)))
    (export $record "entry" (type $record'))
    (func (export "take") (param "records" (list $record))
      (canon lift (core func $i "take") (memory $i "memory") (realloc (func $i "realloc")))))"#;

#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
enum Call {
    #[component(name = "started")]
    Started,
    #[component(name = "completed")]
    Completed,
    #[component(name = "error")]
    Error,
}

#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
enum Runner {
    #[component(name = "subprocess")]
    Subprocess,
    #[component(name = "container")]
    Container,
    #[component(name = "wasm")]
    Wasm,
}

#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(record)]
struct Record {
    call: Call,
    runner: Runner,
    label: u8,
    #[component(name = "duration-ms")]
    duration_ms: u64,
}

/// What whoever records sees of a component behind the handle.
pub(super) fn enqueued() -> Work {
    let bytes = guest::component(PROVIDER).unwrap();
    let provider = Providers::new()
        .unwrap()
        .load("provider", &bytes, &Grants::new())
        .unwrap();
    let mut options = BackendOptions::default();
    options.queue = 1 << 20;
    let backend = Arc::new(ComponentBackend::start(&provider, options).unwrap());
    let handle: MetricsHandle = backend.clone();
    let run = Box::new(move || {
        for duration_ms in 0..u64::from(RECORDS) {
            completed(black_box(duration_ms)).record_into(black_box(&*handle));
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    // What was queued by the turn before is out of the way.
    let before = Box::new(move || {
        runtime.block_on(backend.flush()).unwrap();
        assert_eq!(backend.status().ledger.dropped_total(), 0);
    });
    Work { before, run }
}

/// Two words for each record, made by the worker as it hands them over.
pub(super) fn packed() -> Box<dyn FnMut()> {
    let (mut store, batch) = batch();
    let events = events();
    Box::new(move || {
        for events in events.chunks(BATCH) {
            batch.call(&mut store, (words(events),)).unwrap();
        }
    })
}

/// The call alone, with the words made before.
pub(super) fn packed_call() -> Box<dyn FnMut()> {
    let (mut store, batch) = batch();
    let batches: Vec<Arc<[u64]>> = events()
        .chunks(BATCH)
        .map(|events| words(events).into())
        .collect();
    Box::new(move || {
        for words in &batches {
            batch.call(&mut store, (words.to_vec(),)).unwrap();
        }
    })
}

fn batch() -> (Store<()>, TypedFunc<(Vec<u64>,), ()>) {
    let (mut store, instance) = instance(&guest::component(PROVIDER).unwrap());
    let batch = exported(
        &mut store,
        &instance,
        "solti:metrics/batch@0.1.0",
        "record-batch",
    );
    (store, batch)
}

fn words(events: &[Event]) -> Vec<u64> {
    let pairs: Vec<_> = events.iter().map(|event| event.to_words()).collect();
    pairs.into_flattened()
}

pub(super) fn typed() -> Box<dyn FnMut()> {
    let (mut store, instance) = instance(&wat::parse_str(TYPED).unwrap());
    let take = instance
        .get_typed_func::<(Vec<Record>,), ()>(&mut store, "take")
        .unwrap();
    let events = events();
    Box::new(move || {
        for events in events.chunks(BATCH) {
            let records = events.iter().map(record).collect();
            take.call(&mut store, (records,)).unwrap();
        }
    })
}

/// For a provider that has nothing but `backend`.
pub(super) fn one_by_one() -> Box<dyn FnMut()> {
    let (mut store, instance) = instance(&guest::component(PROVIDER).unwrap());
    let take: TypedFunc<(Runner, Outcome, u64), ()> = exported(
        &mut store,
        &instance,
        "solti:metrics/backend@0.1.0",
        "record-task-completed",
    );
    Box::new(move || {
        for duration_ms in 0..u64::from(RECORDS) {
            take.call(&mut store, (Runner::Wasm, Outcome::Success, duration_ms))
                .unwrap();
        }
    })
}

#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
#[allow(dead_code, reason = "a case for each of the interface's")]
enum Outcome {
    #[component(name = "success")]
    Success,
    #[component(name = "failure")]
    Failure,
    #[component(name = "canceled")]
    Canceled,
    #[component(name = "timeout")]
    Timeout,
}

fn record(event: &Event) -> Record {
    match *event {
        Event::TaskCompleted {
            outcome,
            duration_ms,
            ..
        } => Record {
            call: Call::Completed,
            runner: Runner::Wasm,
            label: outcome as u8,
            duration_ms,
        },
        Event::TaskStarted { .. } => Record {
            call: Call::Started,
            runner: Runner::Subprocess,
            label: 0,
            duration_ms: 0,
        },
        _ => Record {
            call: Call::Error,
            runner: Runner::Container,
            label: 0,
            duration_ms: 0,
        },
    }
}

fn events() -> Vec<Event> {
    (0..u64::from(RECORDS)).map(completed).collect()
}

fn instance(bytes: &[u8]) -> (Store<()>, Instance) {
    let engine: Engine = engine();
    let component = Component::from_binary(&engine, bytes).unwrap();
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine)
        .instantiate(&mut store, &component)
        .unwrap();
    (store, instance)
}

fn exported<P, R>(
    store: &mut Store<()>,
    instance: &Instance,
    interface: &str,
    function: &str,
) -> TypedFunc<P, R>
where
    P: ComponentNamedList + Lower,
    R: ComponentNamedList + Lift,
{
    let interface = instance
        .get_export_index(&mut *store, None, interface)
        .unwrap();
    let function = instance
        .get_export_index(&mut *store, Some(&interface), function)
        .unwrap();
    instance.get_typed_func(store, function).unwrap()
}
