//! An embedder's own engine, linker and store, in the recording mode `inline`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, spawn, yield_now};

use anyhow::{Result, anyhow};
use solti_metrics::{MemoryMetrics, MetricsHandle};
use solti_metrics_host::inline::{self, InlineComponent, Recorded, drain_along, drain_at_ticks};
use solti_metrics_host::{LedgerSnapshot, MetricsCtx, MetricsCtxBuilder};
use solti_metrics_tests::runs::{End, Seen, block_on};
use wasmtime::component::{InstancePre, Linker, ResourceTable, TypedFunc};
use wasmtime::{Config, Engine, Inlining, Store, Trap, UpdateDeadline};
use wasmtime_wasi::{I32Exit, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

/// An engine with a linker for guests of WASI 0.2.
pub(super) struct Embedder {
    pub(super) engine: Engine,
    pub(super) linker: Linker<Recorded<State>>,
}

/// The embedder's data.
pub(super) struct State {
    wasi: WasiCtx,
    table: ResourceTable,
}

pub(super) type Guest = InstancePre<Recorded<State>>;

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

/// Embedders with and without inlining and concurrency.
pub(super) fn embedders() -> Result<[Embedder; 2]> {
    Ok([
        Embedder::new(Inlining::InterModule)?,
        Embedder::new(Inlining::No)?,
    ])
}

impl Embedder {
    pub(super) fn new(inlining: Inlining) -> Result<Self> {
        let mut config = Config::new();
        config
            .epoch_interruption(true)
            .concurrency_support(inlining == Inlining::No)
            .compiler_inlining(inlining);
        let engine = Engine::new(&config).map_err(said)?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).map_err(said)?;
        inline::add_to_linker(&mut linker).map_err(said)?;
        Ok(Self { engine, linker })
    }

    pub(super) fn load(&self, guest: &[u8]) -> Result<Guest> {
        let guest = InlineComponent::new(&self.engine, "guest", guest)?;
        guest.instantiate_pre(&self.linker).map_err(said)
    }

    /// A store that is drained along, for a guest with this number of arguments.
    pub(super) fn store(&self, metrics: MetricsCtx, arguments: usize) -> Store<Recorded<State>> {
        let state = State {
            wasi: WasiCtxBuilder::new().args(&vec!["once"; arguments]).build(),
            table: ResourceTable::new(),
        };
        let mut store = Store::new(&self.engine, Recorded::new(metrics, state));
        store.set_epoch_deadline(1);
        drain_along(&mut store);
        drain_at_ticks(&mut store, |_| Ok(UpdateDeadline::Yield(1)));
        store
    }

    /// The results of a guest whose records this context admits.
    pub(super) fn seen(&self, guest: &[u8], bounds: MetricsCtxBuilder) -> Result<Seen> {
        let memory = Arc::new(MemoryMetrics::new());
        let handle = memory.clone() as MetricsHandle;
        let (ledger, end) = self.ended(guest, bounds.handle(handle))?;
        Ok(Seen {
            events: memory.events(),
            ledger,
            end,
        })
    }

    /// The ledger of a guest, and its end, before its store is dropped: all records have left the
    /// ring.
    pub(super) fn ended(
        &self,
        guest: &[u8],
        metrics: MetricsCtxBuilder,
    ) -> Result<(LedgerSnapshot, End)> {
        let (guest, mut store) = (self.load(guest)?, self.store(metrics.build(), 0));
        let end = block_on(async { Ok(run(&guest, &mut store).await) })?;
        Ok((store.data().ledger().snapshot(), end))
    }

    /// Increments the epoch until the result is dropped.
    pub(super) fn ticks(&self) -> Ticks {
        let (engine, stopped) = (self.engine.clone(), Arc::new(AtomicBool::new(false)));
        let is_stopped = stopped.clone();
        let thread = spawn(move || {
            while !is_stopped.load(Ordering::Relaxed) {
                engine.increment_epoch();
                yield_now();
            }
        });
        Ticks {
            stopped,
            thread: Some(thread),
        }
    }
}

/// A thread that increments the epoch of an engine.
pub(super) struct Ticks {
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Ticks {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        drop(self.thread.take().map(JoinHandle::join));
    }
}

/// Runs a guest to its end.
pub(super) async fn run(guest: &Guest, store: &mut Store<Recorded<State>>) -> End {
    match called(guest, store).await {
        Ok(Ok(())) => End::Exited(0),
        Ok(Err(())) => End::Exited(1),
        Err(error) => match (error.downcast_ref(), error.downcast_ref::<Trap>()) {
            (Some(I32Exit(code)), _) => End::Exited(*code),
            (None, Some(Trap::StackOverflow)) => End::Other("stack overflow".into()),
            (None, Some(Trap::Interrupt)) => End::Other("interrupt".into()),
            (None, Some(_)) => End::Trapped,
            // A label that does not exist is not a trap of wasmtime.
            (None, None) => End::Trapped,
        },
    }
}

async fn called(
    guest: &Guest,
    store: &mut Store<Recorded<State>>,
) -> wasmtime::Result<Result<(), ()>> {
    let instance = guest.instantiate_async(&mut *store).await?;
    let run = instance
        .get_export_index(&mut *store, None, "wasi:cli/run@0.2.12")
        .and_then(|run| instance.get_export_index(&mut *store, Some(&run), "run"));
    let run = run.ok_or_else(|| wasmtime::format_err!("the guest has no `main`"))?;
    let main: TypedFunc<(), (Result<(), ()>,)> = instance.get_typed_func(&mut *store, run)?;
    Ok(main.call_async(store, ()).await?.0)
}

/// Converts an error of wasmtime, which has its own type.
pub(super) fn said(error: wasmtime::Error) -> anyhow::Error {
    anyhow!("{error:#}")
}
