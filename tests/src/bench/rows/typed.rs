//! From the host into a component: 1,024 records in one call, as values of a typed
//! record.

use solti_metrics::Event;
use wasmtime::Store;
use wasmtime::component::{Component, ComponentType, Lift, Linker, Lower, TypedFunc};

use super::guest::engine;
use super::one_by_one::Runner;
use super::packed::{BATCH, events};
use crate::bench::{Arrived, Result, Work};

pub(super) fn batch(records: u32) -> Result<Box<dyn Work>> {
    let engine = engine()?;
    let component = Component::from_binary(&engine, &wat::parse_str(ADDER)?)?;
    let mut store = Store::new(&engine, ());
    let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
    Ok(Box::new(Typed {
        events: events(records),
        take: instance.get_typed_func(&mut store, "take")?,
        count: instance.get_typed_func(&mut store, "count")?,
        sum: instance.get_typed_func(&mut store, "sum")?,
        store,
    }))
}

const ADDER: &str = r#"(component
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
            (global.set $sum (i64.add (global.get $sum) (local.get $sum))))
        (func (export "count") (result i64) (global.get $count))
        (func (export "sum") (result i64) (global.get $sum)))
    (core instance $i (instantiate $m))
    (type $call' (enum "started" "completed" "error"))
    (export $call "call" (type $call'))
    (type $runner' (enum "subprocess" "container" "wasm"))
    (export $runner "runner-type" (type $runner'))
    (type $record' (record
        (field "call" $call) (field "runner" $runner) (field "label" u8) (field "duration-ms" u64)))
    (export $record "entry" (type $record'))
    (func (export "take") (param "records" (list $record))
        (canon lift (core func $i "take") (memory $i "memory") (realloc (func $i "realloc"))))
    (func (export "count") (result u64) (canon lift (core func $i "count")))
    (func (export "sum") (result u64) (canon lift (core func $i "sum"))))"#;

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
#[component(record)]
struct Record {
    call: Call,
    runner: Runner,
    label: u8,
    #[component(name = "duration-ms")]
    duration_ms: u64,
}

fn record(event: &Event) -> Record {
    let (call, label, duration_ms) = match *event {
        Event::TaskCompleted {
            outcome,
            duration_ms,
            ..
        } => (Call::Completed, outcome as u8, duration_ms),
        Event::RunnerError { error, .. } => (Call::Error, error as u8, 0),
        _ => (Call::Started, 0, 0),
    };
    Record {
        call,
        runner: Runner::Wasm,
        label,
        duration_ms,
    }
}

struct Typed {
    events: Vec<Event>,
    store: Store<()>,
    take: TypedFunc<(Vec<Record>,), ()>,
    count: TypedFunc<(), (u64,)>,
    sum: TypedFunc<(), (u64,)>,
}

impl Work for Typed {
    fn run(&mut self) -> Result<()> {
        for events in self.events.chunks(BATCH) {
            let records = events.iter().map(record).collect();
            self.take.call(&mut self.store, (records,))?;
        }
        Ok(())
    }

    fn arrived(&mut self) -> Result<Arrived> {
        let (count,) = self.count.call(&mut self.store, ())?;
        let (sum_ms,) = self.sum.call(&mut self.store, ())?;
        Ok(Arrived::Records { count, sum_ms })
    }
}
