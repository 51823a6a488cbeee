//! Tests of the property on which soundness depends: for any behavior of the host, the shim writes
//! nothing behind the ring.

use std::error::Error;

use wasmtime::component::Linker;
use wasmtime::{Engine, Store, StoreContextMut, Trap};

use super::plug::with_checked_shim;
use super::ring::{CAPACITY, Drain, RecordWords, Recording};
use super::shim::RING;
use crate::code::ShimComponent;
use crate::component::Inspection;

/// Records for ever.
const GUEST: &str = r#"(component
    (type $runner (enum "subprocess" "container" "wasm"))
    (import "solti:metrics/types@0.1.0" (instance $types
      (export "runner-type" (type (eq $runner)))))
    (alias export $types "runner-type" (type $runner-type))
    (import "solti:metrics/backend@0.1.0" (instance $backend
      (alias outer 1 $runner-type (type $r))
      (export "runner-type" (type $runner' (eq $r)))
      (export "record-task-started" (func (param "runner" $runner')))))
    (core func $started (canon lower (func $backend "record-task-started")))
    (core module $m
      (import "" "started" (func $started (param i32)))
      (func (export "run") (result i32)
        (loop $again (call $started (i32.const 2)) (br $again))
        unreachable))
    (core instance $i (instantiate $m (with "" (instance
      (export "started" (func $started))))))
    (func $run (result (result)) (canon lift (core func $i "run")))
    (instance $main (export "run" (func $run)))
    (export "wasi:cli/run@0.2.0" (instance $main)))"#;

/// Data right behind the ring.
struct Behind {
    canary: [u64; 64],
    drained: Vec<usize>,
}

impl Drain for Behind {
    fn drain(&mut self, records: &[RecordWords]) {
        self.drained.push(records.len());
    }
}

#[test]
fn a_host_that_does_not_empty_the_ring_stops_the_guest_and_loses_nothing()
-> Result<(), Box<dyn Error>> {
    let engine = Engine::default();
    let bytes = &wat::parse_str(GUEST)?;
    let composed = with_checked_shim(&Inspection::of("guest", bytes)?, bytes)?;
    let guest = ShimComponent::compile(&engine, &composed)?;
    let mut linker = Linker::new(&engine);
    super::imports::define(&mut linker)?;
    // A host whose `drain` does nothing.
    linker
        .allow_shadowing(true)
        .instance(RING)?
        .func_wrap("drain", |_: StoreContextMut<'_, Recording<Behind>>, ()| {
            Ok(())
        })?;
    let pre = guest.instantiate_pre(&linker)?;

    let behind = Behind {
        canary: [0x5a5a_5a5a_5a5a_5a5a; 64],
        drained: Vec::new(),
    };
    let mut store = Store::new(&engine, Recording::new(behind));
    // The shim traps, and then wasmtime allows no further call into this store.
    for expected in [Trap::UnreachableCodeReached, Trap::CannotEnterComponent] {
        let instance = pre.instantiate(&mut store)?;
        let run = instance
            .get_export_index(&mut store, None, "wasi:cli/run@0.2.0")
            .and_then(|run| instance.get_export_index(&mut store, Some(&run), "run"))
            .ok_or("no main")?;
        let run = instance.get_typed_func::<(), (Result<(), ()>,)>(&mut store, run)?;
        let trap = run.call(&mut store, ()).err().ok_or("it returned")?;
        assert_eq!(trap.downcast_ref(), Some(&expected));
        let state = store.data().state();
        assert!(
            state
                .canary
                .iter()
                .all(|word| *word == 0x5a5a_5a5a_5a5a_5a5a)
        );
    }
    let data = store.data_mut();
    data.drain();
    assert_eq!(data.state().drained, [CAPACITY]);
    Ok(())
}
