//! Components and stores that an embedder's inline mode rejects, and components that it runs
//! without the shim.

use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use solti_metrics::{Event, MemoryMetrics, MetricsHandle, RunnerType};
use solti_metrics_host::component::LoadError;
use solti_metrics_host::inline::{
    InlineCompiler, InlineComponent, InlineError, Recorded, add_to_linker,
};
use solti_metrics_host::{DropReason, MetricsCtx};
use solti_metrics_tests::guest::recording;
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

use super::embedder::said;
use super::fallback::AWKWARD;
use super::rejected::thief;
use crate::artifacts::doubling;

/// Returns without a record.
const SILENT: &str = r#"(component
    (core module $m (func (export "run")))
    (core instance $i (instantiate $m))
    (func (export "run") (canon lift (core func $i "run"))))"#;

/// The smallest guest, which records once in its function `run`.
const MINIMAL: &str = include_str!("../../../../host/src/minimal.wat");

const PANIC: &str =
    include_str!("../../../faults/a_component_at_which_the_compiler_panics_is_rejected/guest.wat");

const STARTED: Event = Event::TaskStarted {
    runner: RunnerType::Wasm,
};

fn refused(bytes: &[u8]) -> Result<InlineError> {
    match InlineComponent::new(&Engine::default(), "guest.wasm", bytes) {
        Err(error) => Ok(error),
        Ok(component) => bail!("{component:?}"),
    }
}

#[test]
fn a_guest_that_imports_a_reserved_name_is_refused() -> Result<()> {
    for import in [
        "solti-metrics-host:shim/intrinsics",
        "solti-metrics-host:shim/intrinsics@0.1.0",
        "solti-metrics-host:shim/ring",
        "solti-metrics-host:other/intrinsics",
    ] {
        let error = refused(&thief(import)?)?;
        ensure!(matches!(&error, InlineError::Reserved { import: it, .. } if it == import));
        let told = format!(
            "guest.wasm: imports `{import}`, which is reserved for the host; build the component without it"
        );
        ensure!(error.to_string() == told, "{error}");
    }
    // Without a record, the guest would not be composed.
    let error = refused(&wat::parse_str(
        r#"(component (import "solti-metrics-host:shim/ring" (instance)))"#,
    )?)?;
    ensure!(matches!(error, InlineError::Reserved { .. }), "{error}");
    Ok(())
}

#[test]
fn bytes_that_are_no_guest_of_this_host_are_refused_with_the_reason() -> Result<()> {
    let version = r#"(component (import "solti:metrics/backend@0.2.0" (instance)))"#;
    let unknown = r#"(component (import "solti:metrics/unheard-of@0.1.0" (instance)))"#;
    for (bytes, told) in [
        (Vec::new(), "guest.wasm: the file is empty"),
        (
            b"hello".to_vec(),
            "guest.wasm: is not a WebAssembly component but text",
        ),
        (wat::parse_str("(module)")?, "guest.wasm: is a core module"),
        (
            wat::parse_str(version)?,
            "guest.wasm: imports `solti:metrics/backend@0.2.0`",
        ),
        (
            wat::parse_str(unknown)?,
            "guest.wasm: imports `solti:metrics/unheard-of@0.1.0`",
        ),
        (
            wat::parse_str(PANIC)?,
            "guest.wasm: compilation failed: the compiler panicked",
        ),
    ] {
        let error = refused(&bytes)?;
        ensure!(matches!(error, InlineError::Component(_)), "{error:?}");
        ensure!(error.to_string().starts_with(told), "{error}");
    }
    Ok(())
}

#[test]
fn a_component_above_the_maximum_size_is_refused() -> Result<()> {
    let bytes = recording(&[])?;
    let size = bytes.len() as u64;
    let compile = |most| {
        let compiler = InlineCompiler::new().max_component(most);
        compiler.compile(&Engine::default(), "guest.wasm", &bytes)
    };
    compile(size)?;
    match compile(size - 1) {
        Err(InlineError::Component(LoadError::TooLarge { limit, .. })) if limit == size - 1 => {}
        other => bail!("{other:?}"),
    }
    Ok(())
}

#[test]
fn a_guest_whose_types_double_at_each_level_is_refused_before_it_is_composed() -> Result<()> {
    match refused(&doubling::guest("record", doubling::LONG)?)? {
        InlineError::Component(LoadError::FixedLimit { .. }) => Ok(()),
        other => bail!("{other}"),
    }
}

#[test]
fn a_guest_that_cannot_be_composed_records_directly_in_the_same_store() -> Result<()> {
    let (engine, bytes) = (Engine::default(), wat::parse_str(AWKWARD)?);
    let error = InlineComponent::new(&engine, "awkward.wasm", &bytes)
        .err()
        .context("it was composed")?;
    let told = error.to_string();
    ensure!(
        told.starts_with("awkward.wasm: cannot be composed with the shim: "),
        "{told}"
    );
    ensure!(
        told.ends_with("with `solti_metrics_host::add_to_linker`"),
        "{told}"
    );

    // The fix of the message.
    let mut linker = Linker::new(&engine);
    solti_metrics_host::add_to_linker(&mut linker, Recorded::metrics).map_err(said)?;
    let guest = Component::from_binary(&engine, &bytes).map_err(said)?;
    let memory = Arc::new(MemoryMetrics::new());
    let metrics = MetricsCtx::builder().handle(memory.clone() as MetricsHandle);
    let mut store = Store::new(&engine, Recorded::new(metrics.build(), ()));
    let instance = linker.instantiate(&mut store, &guest).map_err(said)?;
    let main = instance
        .get_export_index(&mut store, None, "wasi:cli/run@0.2.0")
        .and_then(|run| instance.get_export_index(&mut store, Some(&run), "run"))
        .context("no main")?;
    let main = instance.get_typed_func::<(), (Result<(), ()>,)>(&mut store, main);
    main.and_then(|main| main.call(&mut store, ()))
        .map_err(said)?
        .0
        .ok()
        .context("it failed")?;
    ensure!(memory.events().len() == 1, "{:?}", memory.events());
    Ok(())
}

#[test]
fn guests_of_both_modes_in_one_store_keep_the_order_and_share_the_quota() -> Result<()> {
    let (engine, bytes) = (Engine::default(), wat::parse_str(MINIMAL)?);
    let mut linker = Linker::new(&engine);
    add_to_linker(&mut linker).map_err(said)?;
    solti_metrics_host::add_to_linker(&mut linker, Recorded::metrics).map_err(said)?;
    let inline = InlineComponent::new(&engine, "guest", &bytes)?;
    let inline = inline.instantiate_pre(&linker).map_err(said)?;
    let direct = Component::from_binary(&engine, &bytes).map_err(said)?;
    let direct = linker.instantiate_pre(&direct).map_err(said)?;

    let memory = Arc::new(MemoryMetrics::new());
    let metrics = MetricsCtx::builder()
        .handle(memory.clone() as MetricsHandle)
        .quota(3);
    let mut store = Store::new(&engine, Recorded::new(metrics.build(), ()));
    // Nothing drains the ring but the records of the other mode.
    for (number, guest) in [&inline, &direct, &inline, &direct].into_iter().enumerate() {
        let instance = guest.instantiate(&mut store).map_err(said)?;
        let run = instance
            .get_typed_func::<(), ()>(&mut store, "run")
            .map_err(said)?;
        run.call(&mut store, ()).map_err(said)?;
        let drained = [0, 2, 2, 3][number];
        ensure!(memory.events() == vec![STARTED; drained], "{number}");
    }
    let ledger = store.data().ledger().snapshot();
    ensure!(
        (ledger.accepted(), ledger.dropped(DropReason::Quota)) == (4, 1),
        "{ledger:?}"
    );
    Ok(())
}

#[test]
fn a_component_without_records_runs_in_the_same_store() -> Result<()> {
    let engine = Engine::default();
    let guest = InlineComponent::new(&engine, "silent", &wat::parse_str(SILENT)?)?;
    ensure!(guest.inspection().imports.is_empty());
    // The linker needs no function of the shim.
    let guest = guest.instantiate_pre(&Linker::new(&engine)).map_err(said)?;
    let metrics = MetricsCtx::builder().build();
    let mut store = Store::new(&engine, Recorded::new(metrics, ()));
    let instance = guest.instantiate(&mut store).map_err(said)?;
    let run = instance
        .get_typed_func::<(), ()>(&mut store, "run")
        .map_err(said)?;
    run.call(&mut store, ()).map_err(said)?;
    ensure!(store.data().ledger().snapshot().accepted() == 0);
    Ok(())
}

#[test]
fn a_linker_without_the_functions_of_the_shim_does_not_link() -> Result<()> {
    let engine = Engine::default();
    let guest = InlineComponent::new(&engine, "guest", &wat::parse_str(MINIMAL)?)?;
    let linker = Linker::<Recorded<()>>::new(&engine);
    let error = guest.instantiate_pre(&linker).err().context("it links")?;
    let told = format!("{error:#}");
    ensure!(told.contains("solti-metrics-host:shim/ring"), "{told}");
    Ok(())
}

/// wasmtime returns the component of linked code, and would link it for any store.
#[test]
fn code_that_was_taken_out_does_not_start_in_another_store() -> Result<()> {
    const CANARY: u64 = 0x5a5a_5a5a_5a5a_5a5a;
    let engine = Engine::default();
    let mut linker = Linker::<Recorded<()>>::new(&engine);
    add_to_linker(&mut linker).map_err(said)?;
    let guest = InlineComponent::new(&engine, "guest", &wat::parse_str(MINIMAL)?)?;
    let component = guest
        .instantiate_pre(&linker)
        .map_err(said)?
        .component()
        .clone();

    let mut other = Linker::<[u64; 1024]>::new(&engine);
    ensure!(other.instantiate_pre(&component).is_err(), "it links");
    other
        .define_unknown_imports_as_traps(&component)
        .map_err(said)?;
    let mut store = Store::new(&engine, [CANARY; 1024]);
    let started = other.instantiate(&mut store, &component);
    ensure!(started.is_err(), "it starts");

    // Even a linker with a function of that name, which does not confirm the address.
    other.allow_shadowing(true);
    let mut ring = other
        .instance("solti-metrics-host:shim/ring")
        .map_err(said)?;
    ring.func_wrap("drain", |_, ()| Ok(())).map_err(said)?;
    ring.func_wrap("address", |_, ()| Ok((0_u64,)))
        .map_err(said)?;
    let started = other.instantiate(&mut store, &component);
    ensure!(started.is_err(), "it starts");
    ensure!(store.data().iter().all(|word| *word == CANARY), "it wrote");
    Ok(())
}
