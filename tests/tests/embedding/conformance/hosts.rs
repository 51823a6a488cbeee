//! The kinds of hosts: an embedder's own store, sync or async, on both kinds of engines and
//! in both recording modes, and the runner.

use anyhow::{Result, anyhow, ensure};
use solti_metrics::MetricsHandle;
use solti_metrics_host::inline::{self, InlineComponent, Recorded, drain_along};
use solti_metrics_host::runner::{ProgramRecording, RecordingMode, Runner, Task, TaskEnd};
use solti_metrics_host::{LedgerSnapshot, MetricsCtx, MetricsCtxView, add_to_linker};
use wasmtime::component::{Component, Instance, Linker, TypedFunc};
use wasmtime::{Config, Engine, Inlining, Store};

/// The ledger of the guest's records.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Observed {
    pub(crate) accepted: u64,
    pub(crate) delivered: u64,
    pub(crate) dropped: u64,
    pub(crate) clamped: u64,
}

impl From<LedgerSnapshot> for Observed {
    fn from(ledger: LedgerSnapshot) -> Self {
        Self {
            accepted: ledger.accepted(),
            delivered: ledger.delivered(),
            dropped: ledger.dropped_total(),
            clamped: ledger.clamped(),
        }
    }
}

type Run = fn(&[u8], MetricsHandle) -> Result<Observed>;

pub(crate) const HOSTS: [(&str, Run); 7] = [
    ("embedder, sync, default engine", |guest, backend| {
        embedder(Engine::default(), guest, backend)
    }),
    ("embedder, sync, without concurrency", |guest, backend| {
        let mut config = Config::new();
        config.concurrency_support(false);
        embedder(Engine::new(&config).map_err(said)?, guest, backend)
    }),
    ("embedder, async", embedder_async),
    ("embedder, inline, default engine", |guest, backend| {
        embedder_inline(Engine::default(), guest, backend)
    }),
    ("embedder, inline, with inlining", |guest, backend| {
        let mut config = Config::new();
        config
            .concurrency_support(false)
            .compiler_inlining(Inlining::InterModule);
        embedder_inline(Engine::new(&config).map_err(said)?, guest, backend)
    }),
    ("runner, inline", |guest, backend| {
        runner(guest, backend, RecordingMode::Inline)
    }),
    ("runner, direct", |guest, backend| {
        runner(guest, backend, RecordingMode::Direct)
    }),
];

type Main = TypedFunc<(), (Result<(), ()>,)>;

fn embedder(engine: Engine, guest: &[u8], backend: MetricsHandle) -> Result<Observed> {
    let (linker, mut store, component) = embed(&engine, guest, backend)?;
    let instance = linker.instantiate(&mut store, &component).map_err(said)?;
    let main = main(&instance, &mut store)?;
    let (result,) = main.call(&mut store, ()).map_err(said)?;
    ensure!(result.is_ok(), "the guest failed");
    Ok(store.data().ledger().snapshot().into())
}

fn embedder_async(guest: &[u8], backend: MetricsHandle) -> Result<Observed> {
    let (linker, mut store, component) = embed(&Engine::default(), guest, backend)?;
    block_on(async {
        let instance = linker
            .instantiate_async(&mut store, &component)
            .await
            .map_err(said)?;
        let main = main(&instance, &mut store)?;
        let (result,) = main.call_async(&mut store, ()).await.map_err(said)?;
        ensure!(result.is_ok(), "the guest failed");
        Ok(())
    })?;
    Ok(store.data().ledger().snapshot().into())
}

fn embedder_inline(engine: Engine, guest: &[u8], backend: MetricsHandle) -> Result<Observed> {
    let mut linker = Linker::new(&engine);
    inline::add_to_linker(&mut linker).map_err(said)?;
    let guest = InlineComponent::new(&engine, "guest", guest)?;
    let metrics = MetricsCtx::builder().handle(backend).build();
    let mut store = Store::new(&engine, Recorded::new(metrics, ()));
    drain_along(&mut store);
    let guest = guest.instantiate_pre(&linker).map_err(said)?;
    let instance = guest.instantiate(&mut store).map_err(said)?;
    let main = main(&instance, &mut store)?;
    let (result,) = main.call(&mut store, ()).map_err(said)?;
    ensure!(result.is_ok(), "the guest failed");
    Ok(store.data().ledger().snapshot().into())
}

fn runner(guest: &[u8], backend: MetricsHandle, path: RecordingMode) -> Result<Observed> {
    let runner = Runner::builder(backend).recording_mode(path).build()?;
    let program = runner.load("script", guest)?;
    let inline = matches!(program.recording(), ProgramRecording::Inline);
    ensure!(
        inline == (path == RecordingMode::Inline),
        "{:?}",
        program.recording()
    );
    let report = block_on(async { Ok(runner.run(&program, Task::new()).await?) })?;
    ensure!(report.end == TaskEnd::Exited { code: 0 }, "{}", report.end);
    ensure!(report.ledger == runner.guest_ledger(), "the totals differs");
    ensure!(runner.own_ledger().delivered() == 2, "{runner:?}");
    Ok(report.ledger.into())
}

fn embed(
    engine: &Engine,
    guest: &[u8],
    backend: MetricsHandle,
) -> Result<(Linker<MetricsCtx>, Store<MetricsCtx>, Component)> {
    let mut linker = Linker::new(engine);
    add_to_linker(&mut linker, |ctx| MetricsCtxView { ctx }).map_err(said)?;
    let store = Store::new(engine, MetricsCtx::builder().handle(backend).build());
    let component = Component::from_binary(engine, guest).map_err(said)?;
    Ok((linker, store, component))
}

fn main<T>(instance: &Instance, store: &mut Store<T>) -> Result<Main> {
    let interface = instance
        .get_export_index(&mut *store, None, "wasi:cli/run@0.2.12")
        .ok_or_else(|| anyhow!("no `run` interface"))?;
    let run = instance
        .get_export_index(&mut *store, Some(&interface), "run")
        .ok_or_else(|| anyhow!("no `run` function"))?;
    instance.get_typed_func(store, run).map_err(said)
}

fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

/// Converts an error of wasmtime, which has its own type.
fn said(error: wasmtime::Error) -> anyhow::Error {
    anyhow!("{error:?}")
}
