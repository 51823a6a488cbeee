//! The way of proxies with core modules as filters: a host function takes a value and the
//! number of a metric that the guest has defined.

use std::collections::HashMap;

use wasmtime::{Caller, Linker, Module, Store, TypedFunc};

use super::guest::engine;
use super::labelled::{Completed, Resolved};
use crate::bench::{Arrived, Result, Work};

pub(super) fn calls(records: u32) -> Result<Box<dyn Work>> {
    let engine = engine()?;
    let module = Module::new(&engine, wat::parse_str(guest(records))?)?;
    let mut linker = Linker::new(&engine);
    linker.func_wrap(
        "env",
        "record_metric",
        |caller: Caller<'_, Metrics>, id: u32, value: u64| match caller.data().get(&id) {
            Some(metric) => {
                metric.record(value);
                OK
            }
            None => NOT_FOUND,
        },
    )?;
    // The metric that the guest would define at its start.
    let metric = Completed::new()?.resolved(&["wasm", "success"])?;
    let mut store = Store::new(&engine, HashMap::from([(ID, metric)]));
    let instance = linker.instantiate(&mut store, &module)?;
    let main = instance.get_typed_func(&mut store, "main")?;
    Ok(Box::new(Calls { store, main }))
}

const ID: u32 = 7;
const OK: i32 = 0;
const NOT_FOUND: i32 = 1;

type Metrics = HashMap<u32, Resolved>;

/// Returns the number of rejected calls.
fn guest(records: u32) -> String {
    format!(
        r#"(module
            (import "env" "record_metric" (func $record (param i32 i64) (result i32)))
            (func (export "main") (result i32)
                (local $left i32) (local $refused i32)
                (local.set $left (i32.const {records}))
                (loop $again
                    (local.set $refused (i32.add (local.get $refused)
                        (call $record (i32.const {ID}) (i64.extend_i32_u (local.get $left)))))
                    (br_if $again (local.tee $left
                        (i32.sub (local.get $left) (i32.const 1)))))
                (local.get $refused)))"#
    )
}

struct Calls {
    store: Store<Metrics>,
    main: TypedFunc<(), i32>,
}

impl Work for Calls {
    fn run(&mut self) -> Result<()> {
        match self.main.call(&mut self.store, ())? {
            0 => Ok(()),
            refused => Err(format!("{refused} records were refused").into()),
        }
    }

    fn arrived(&mut self) -> Result<Arrived> {
        let metric = self.store.data().get(&ID).ok_or("no metric")?;
        metric.arrived()
    }
}
