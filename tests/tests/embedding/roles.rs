//! Providers and middlewares of the SDK's macros, called as a host or the previous
//! component calls them.

use std::fs;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, ensure};
use solti_metrics::{
    Event, MemoryMetrics, MetricsHandle, RunnerErrorKind, RunnerType, TaskOutcome, noop_metrics,
};
use solti_metrics_host::{MetricsCtx, MetricsCtxView, add_to_linker};
use solti_metrics_tests::artifact::{BARE, WASI, artifact};
use wasmtime::component::{Component, Instance, Linker, ResourceTable, Val};
use wasmtime::{Engine, Store};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

#[test]
fn a_provider_receives_each_record_with_its_labels() -> Result<()> {
    let mut role = Role::start("lines", WASI, noop_metrics())?;
    role.record_one_of_each()?;
    let printed = String::from_utf8(role.stdout.contents().to_vec())?;
    ensure!(
        printed
            == "1 subprocess started\n\
                2 wasm timeout after 18446744073709551615 ms\n\
                3 container spawn_failed\n",
        "{printed}"
    );
    Ok(())
}

#[test]
fn a_middleware_forwards_changed_records_on_both_targets() -> Result<()> {
    for target in [WASI, BARE] {
        let memory = Arc::new(MemoryMetrics::new());
        let mut role = Role::start("middleware", target, memory.clone())?;
        role.record_one_of_each()?;
        let runner = RunnerType::Container;
        let error = RunnerErrorKind::SpawnFailed;
        let expected = [
            Event::TaskStarted { runner },
            Event::TaskCompleted {
                runner,
                outcome: TaskOutcome::Timeout,
                // The host has a ceiling.
                duration_ms: 31_536_000_000,
            },
            Event::RunnerError { runner, error },
        ];
        ensure!(
            memory.events() == expected,
            "{target}: {:?}",
            memory.events()
        );
    }
    Ok(())
}

/// A component with the exports of a backend, in its own store.
struct Role {
    store: Store<State>,
    instance: Instance,
    stdout: MemoryOutputPipe,
}

struct State {
    wasi: WasiCtx,
    table: ResourceTable,
    metrics: MetricsCtx,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl Role {
    fn start(name: &str, target: &str, next: MetricsHandle) -> Result<Self> {
        let engine = Engine::default();
        let mut linker = Linker::<State>::new(&engine);
        wasmtime_wasi::p2::add_to_linker_sync(&mut linker).map_err(said)?;
        add_to_linker(&mut linker, |state| MetricsCtxView {
            ctx: &mut state.metrics,
        })
        .map_err(said)?;
        let stdout = MemoryOutputPipe::new(4096);
        let state = State {
            wasi: WasiCtxBuilder::new().stdout(stdout.clone()).build(),
            table: ResourceTable::new(),
            metrics: MetricsCtx::builder().handle(next).build(),
        };
        let mut store = Store::new(&engine, state);
        let bytes = fs::read(artifact(name, target))?;
        let component = Component::from_binary(&engine, &bytes).map_err(said)?;
        let instance = linker.instantiate(&mut store, &component).map_err(said)?;
        Ok(Self {
            store,
            instance,
            stdout,
        })
    }

    fn record_one_of_each(&mut self) -> Result<()> {
        let label = |label: &str| Val::Enum(label.into());
        self.call("record-task-started", &[label("subprocess")])?;
        let completed = [label("wasm"), label("timeout"), Val::U64(u64::MAX)];
        self.call("record-task-completed", &completed)?;
        self.call(
            "record-runner-error",
            &[label("container"), label("spawn-failed")],
        )
    }

    fn call(&mut self, function: &str, arguments: &[Val]) -> Result<()> {
        let store = &mut self.store;
        let interface = self
            .instance
            .get_export_index(&mut *store, None, "solti:metrics/backend@0.1.0")
            .context("no backend")?;
        let function = self
            .instance
            .get_export_index(&mut *store, Some(&interface), function)
            .and_then(|function| self.instance.get_func(&mut *store, function))
            .with_context(|| format!("no {function}"))?;
        function.call(store, arguments, &mut []).map_err(said)
    }
}

/// Converts an error of wasmtime, which has its own type.
fn said(error: wasmtime::Error) -> anyhow::Error {
    anyhow!("{error:?}")
}
