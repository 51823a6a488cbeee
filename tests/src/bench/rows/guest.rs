//! The guest of most rows, and how it is called.

use wasmtime::component::{Instance, TypedFunc};
use wasmtime::{AsContextMut, Config, Engine, Inlining};

use crate::bench::Result;

/// The type of `main`.
pub(in crate::bench) type Main = TypedFunc<(), (std::result::Result<(), ()>,)>;

/// A core module that makes `records` records. The last duration is 1 ms, and each one
/// before is a millisecond longer. `module` is the name from which it imports the
/// function.
pub(in crate::bench) fn recording(module: &str, records: u32) -> String {
    format!(
        r#"(module
            (import "{module}" "record-task-completed"
                (func $completed (param i32 i32 i64)))
            (func (export "wasi:cli/run@0.2.12#run") (result i32)
                (local $left i32)
                (local.set $left (i32.const {records}))
                (loop $again
                    (call $completed
                        (i32.const 2) (i32.const 0)
                        (i64.extend_i32_u (local.get $left)))
                    (br_if $again (local.tee $left
                        (i32.sub (local.get $left) (i32.const 1)))))
                i32.const 0))"#
    )
}

/// The interface from which components import the metrics.
pub(super) const BACKEND: &str = "solti:metrics/backend@0.1.0";

/// An engine without component-model concurrency, as in the runner. With concurrency, the
/// default where wasmtime has that feature, calls cost twice as much. All rows with a
/// typed import use this engine, also the rows of other projects' ways.
pub(in crate::bench) fn engine() -> Result<Engine> {
    let mut config = Config::new();
    config.concurrency_support(false);
    Ok(Engine::new(&config)?)
}

/// An engine with all settings of the runner that affect speed.
pub(super) fn runner_engine() -> Result<Engine> {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .concurrency_support(false)
        .compiler_inlining(Inlining::InterModuleAndIntraGc);
    Ok(Engine::new(&config)?)
}

/// The function that the component exports as `wasi:cli/run`.
pub(in crate::bench) fn main_of(mut store: impl AsContextMut, instance: &Instance) -> Result<Main> {
    let run = instance
        .get_export_index(&mut store, None, "wasi:cli/run@0.2.12")
        .and_then(|run| instance.get_export_index(&mut store, Some(&run), "run"))
        .ok_or("the guest has no `main`")?;
    Ok(instance.get_typed_func(&mut store, run)?)
}

/// Writes a number in decimal at `$at`, and returns the end of the digits.
pub(super) const DECIMAL: &str = r#"
    (func $decimal (param $at i32) (param $number i64) (result i32)
        (local $end i32) (local $rest i64)
        (local.set $rest (local.get $number))
        (local.set $end (local.get $at))
        (loop $count
            (local.set $end (i32.add (local.get $end) (i32.const 1)))
            (br_if $count (i64.ne (i64.const 0)
                (local.tee $rest (i64.div_u (local.get $rest) (i64.const 10))))))
        (local.set $at (local.get $end))
        (loop $digit
            (local.set $at (i32.sub (local.get $at) (i32.const 1)))
            (i32.store8 (local.get $at) (i32.add (i32.const 48)
                (i32.wrap_i64 (i64.rem_u (local.get $number) (i64.const 10)))))
            (br_if $digit (i64.ne (i64.const 0)
                (local.tee $number (i64.div_u (local.get $number) (i64.const 10))))))
        (local.get $end))"#;
