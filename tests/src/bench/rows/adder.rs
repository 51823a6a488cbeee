//! A provider that adds records up and exposes the sums.

use wasmtime::component::{
    Component, ComponentNamedList, Instance, Lift, Linker, Lower, TypedFunc,
};
use wasmtime::{AsContextMut, Engine, Store};

use super::guest::{DECIMAL, engine};
use crate::bench::{Arrived, Result};
use crate::guest::component;

/// A component that takes single records and packed words. It exposes the number of
/// records and the sum of durations, as two numbers.
pub(in crate::bench) fn adder() -> Result<Vec<u8>> {
    Ok(component(&format!("(module {DECIMAL} {ADDER})"))?)
}

const ADDER: &str = r#"
    (memory (export "memory") 8)
    (data (i32.const 8) "\0a# EOF\0a")
    (global $count (mut i64) (i64.const 0))
    (global $sum (mut i64) (i64.const 0))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 65536))
    (func (export "solti:metrics/backend@0.1.0#record-task-started") (param i32))
    (func (export "solti:metrics/backend@0.1.0#record-task-completed") (param i32 i32 i64)
        (global.set $count (i64.add (global.get $count) (i64.const 1)))
        (global.set $sum (i64.add (global.get $sum) (local.get 2))))
    (func (export "solti:metrics/backend@0.1.0#record-runner-error") (param i32 i32))
    (func (export "solti:metrics/batch@0.1.0#record-batch") (param $at i32) (param $words i32)
        (local $end i32) (local $sum i64)
        (local.set $end (i32.add (local.get $at) (i32.mul (local.get $words) (i32.const 8))))
        (block $done (loop $next
            (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
            (local.set $sum (i64.add (local.get $sum) (i64.load offset=8 (local.get $at))))
            (local.set $at (i32.add (local.get $at) (i32.const 16)))
            (br $next)))
        (global.set $count (i64.add (global.get $count)
            (i64.extend_i32_u (i32.shr_u (local.get $words) (i32.const 1)))))
        (global.set $sum (i64.add (global.get $sum) (local.get $sum))))
    (func (export "solti:metrics/exposition@0.1.0#expose") (result i32)
        (local $end i32)
        (local.set $end (call $decimal (i32.const 16) (global.get $count)))
        (i32.store8 (local.get $end) (i32.const 32))
        (local.set $end (call $decimal
            (i32.add (local.get $end) (i32.const 1)) (global.get $sum)))
        (memory.copy (local.get $end) (i32.const 8) (i32.const 7))
        (i32.store (i32.const 0) (i32.const 16))
        (i32.store (i32.const 4) (i32.sub (local.get $end) (i32.const 9)))
        i32.const 0)"#;

/// Parses the exposition of an [`adder`].
pub(super) fn told(exposed: &str) -> Result<Arrived> {
    let line = exposed.lines().next().unwrap_or_default();
    let (count, sum) = line.split_once(' ').ok_or("not two numbers")?;
    Ok(Arrived::Records {
        count: count.parse()?,
        sum_ms: sum.parse()?,
    })
}

/// An [`adder`], called in the way of a host.
pub(super) struct Instantiated<P, R> {
    pub(super) store: Store<()>,
    pub(super) function: TypedFunc<P, R>,
    expose: TypedFunc<(), (String,)>,
}

impl<P, R> Instantiated<P, R>
where
    P: ComponentNamedList + Lower,
    R: ComponentNamedList + Lift,
{
    /// Instantiates an adder and looks one of its functions up.
    pub(super) fn new(interface: &str, function: &str) -> Result<Self> {
        let engine: Engine = engine()?;
        let component = Component::from_binary(&engine, &adder()?)?;
        let mut store = Store::new(&engine, ());
        let instance = Linker::new(&engine).instantiate(&mut store, &component)?;
        Ok(Self {
            function: exported(&mut store, &instance, interface, function)?,
            expose: expose_of(&mut store, &instance)?,
            store,
        })
    }

    pub(super) fn arrived(&mut self) -> Result<Arrived> {
        let (exposed,) = self.expose.call(&mut self.store, ())?;
        told(&exposed)
    }
}

pub(super) fn expose_of(
    store: impl AsContextMut,
    instance: &Instance,
) -> Result<TypedFunc<(), (String,)>> {
    exported(store, instance, "solti:metrics/exposition@0.1.0", "expose")
}

fn exported<P, R>(
    mut store: impl AsContextMut,
    instance: &Instance,
    interface: &str,
    function: &str,
) -> Result<TypedFunc<P, R>>
where
    P: ComponentNamedList + Lower,
    R: ComponentNamedList + Lift,
{
    let found = instance
        .get_export_index(&mut store, None, interface)
        .and_then(|interface| instance.get_export_index(&mut store, Some(&interface), function))
        .ok_or_else(|| format!("no {interface} {function}"))?;
    Ok(instance.get_typed_func(&mut store, found)?)
}
