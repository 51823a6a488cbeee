//! A typed import that takes the name of the metric and the values of its labels as
//! strings.

use wasmtime::StoreContextMut;

use super::labelled::{Labelled, NAME};
use super::labelled_calls;
use crate::bench::{Result, Work};

pub(super) fn calls(records: u32) -> Result<Box<dyn Work>> {
    labelled_calls::calls(&guest(records), record)
}

/// The function that generated bindings would call.
fn record(
    store: StoreContextMut<'_, Labelled>,
    (name, labels, value): (String, Vec<String>, u64),
) -> wasmtime::Result<()> {
    let labels: Vec<_> = labels.iter().map(String::as_str).collect();
    let recorded = store
        .data()
        .metric(&name)
        .and_then(|metric| metric.record(&labels, value));
    recorded.map_err(|error| wasmtime::format_err!("{error}"))
}

/// A guest whose strings are constants, as in a real program. It writes the list for each
/// call.
fn guest(records: u32) -> String {
    let name = NAME.len();
    format!(
        r#"(component
            (import "metrics" (instance $metrics
                (export "record" (func
                    (param "name" string) (param "labels" (list string)) (param "value" u64)))))
            (core module $memory
                (memory (export "memory") 1)
                (data (i32.const 1024) "{NAME}")
                (data (i32.const 2048) "wasm")
                (data (i32.const 3072) "success"))
            (core instance $memory (instantiate $memory))
            (core func $record (canon lower (func $metrics "record") (memory $memory "memory")))
            (core module $code
                (import "" "memory" (memory 1))
                (import "" "record" (func $record (param i32 i32 i32 i32 i64)))
                (func (export "run") (result i32)
                    (local $left i32)
                    (local.set $left (i32.const {records}))
                    (loop $again
                        (i32.store offset=0 (i32.const 64) (i32.const 2048))
                        (i32.store offset=4 (i32.const 64) (i32.const 4))
                        (i32.store offset=8 (i32.const 64) (i32.const 3072))
                        (i32.store offset=12 (i32.const 64) (i32.const 7))
                        (call $record
                            (i32.const 1024) (i32.const {name})
                            (i32.const 64) (i32.const 2)
                            (i64.extend_i32_u (local.get $left)))
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
