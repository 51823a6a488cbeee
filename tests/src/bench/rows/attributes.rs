//! A typed import with the fields of an OTLP data point: a name, attributes, a value and
//! a time.

use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Lift};

use super::labelled::{LABELS, Labelled, NAME};
use super::labelled_calls;
use crate::bench::{Result, Work};

pub(super) fn calls(records: u32) -> Result<Box<dyn Work>> {
    labelled_calls::calls(&guest(records), record)
}

#[derive(ComponentType, Lift)]
#[component(record)]
struct Point {
    name: String,
    attributes: Vec<(String, String)>,
    value: u64,
    time: u64,
}

/// The function that generated bindings would call. Attributes come in any order, and
/// labels have one order. The time is for an exporter: Prometheus uses its own clock.
fn record(store: StoreContextMut<'_, Labelled>, (point,): (Point,)) -> wasmtime::Result<()> {
    let value_of = |label: &str| {
        let found = point.attributes.iter().find(|(key, _)| key == label);
        found.map_or("", |(_, value)| value)
    };
    wasmtime::ensure!(point.time > 0, "before time began");
    let recorded = store
        .data()
        .metric(&point.name)
        .and_then(|metric| metric.record(&LABELS.map(value_of), point.value));
    recorded.map_err(|error| wasmtime::format_err!("{error}"))
}

/// A guest whose strings are constants, as in a real program. It writes the list for each
/// call. The time was read before.
fn guest(records: u32) -> String {
    let name = NAME.len();
    let [runner, outcome] = LABELS;
    let mut list = String::new();
    let strings = [
        (1_536, runner.len()),
        (2_048, "wasm".len()),
        (2_560, outcome.len()),
        (3_072, "success".len()),
    ];
    for (number, (at, length)) in strings.into_iter().enumerate() {
        let (first, second) = (8 * number, 8 * number + 4);
        list += &format!(
            "(i32.store offset={first} (i32.const 64) (i32.const {at}))
             (i32.store offset={second} (i32.const 64) (i32.const {length}))"
        );
    }
    format!(
        r#"(component
            (import "metrics" (instance $metrics
                (type $point' (record
                    (field "name" string)
                    (field "attributes" (list (tuple string string)))
                    (field "value" u64)
                    (field "time" u64)))
                (export "point" (type $point (eq $point')))
                (export "record" (func (param "point" $point)))))
            (core module $memory
                (memory (export "memory") 1)
                (data (i32.const 1024) "{NAME}")
                (data (i32.const 1536) "{runner}")
                (data (i32.const 2048) "wasm")
                (data (i32.const 2560) "{outcome}")
                (data (i32.const 3072) "success"))
            (core instance $memory (instantiate $memory))
            (core func $record (canon lower (func $metrics "record") (memory $memory "memory")))
            (core module $code
                (import "" "memory" (memory 1))
                (import "" "record" (func $record (param i32 i32 i32 i32 i64 i64)))
                (func (export "run") (result i32)
                    (local $left i32)
                    (local.set $left (i32.const {records}))
                    (loop $again
                        {list}
                        (call $record
                            (i32.const 1024) (i32.const {name})
                            (i32.const 64) (i32.const 2)
                            (i64.extend_i32_u (local.get $left))
                            (i64.const 1800000000000000000))
                        (br_if $again (local.tee $left
                            (i32.sub (local.get $left) (i32.const 1)))))
                    i32.const 0))
            (core instance $code (instantiate $code (with "" (instance
                (export "memory" (memory $memory "memory"))
                (export "record" (func $record))))))
            (func $run (result (result)) (canon lift (core func $code "run")))
            (instance $main (export "run" (func $run)))
            (export "wasi:cli/run@0.2.12" (instance $main)))"#
    )
}
