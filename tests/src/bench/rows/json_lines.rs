//! Lines of JSON on standard output, one for each record.

use serde::Deserialize;
use tokio::runtime::Runtime;
use wasmtime::Store;
use wasmtime::component::{Component, InstancePre, Linker, ResourceTable};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

use super::guest::{DECIMAL, engine, main_of};
use super::labelled::{Labelled, NAME};
use crate::bench::{Arrived, Result, Work};
use crate::guest::component;

pub(super) fn printed(records: u32) -> Result<Box<dyn Work>> {
    let engine = engine()?;
    let component = Component::from_binary(&engine, &component(&guest(records))?)?;
    let mut linker = Linker::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    Ok(Box::new(Printed {
        // A line has at most a hundred bytes.
        room: 100 * records as usize,
        pre: linker.instantiate_pre(&component)?,
        runtime: tokio::runtime::Builder::new_current_thread().build()?,
        metrics: Labelled::new()?,
    }))
}

/// A guest that builds each line from constants and a number, and writes it at once, as
/// `println!` does.
fn guest(records: u32) -> String {
    let metric = format!(r#"{{"metric":"{NAME}","runner":""#);
    let parts = [
        (1_024, metric.as_str()),
        (2_048, "wasm"),
        (3_072, r#"","outcome":""#),
        (4_096, "success"),
        (5_120, r#"","duration_ms":"#),
    ];
    let (mut data, mut copies) = (String::new(), String::new());
    for (at, part) in parts {
        let length = part.len();
        let text = part.replace('"', "\\\"");
        data += &format!(r#"(data (i32.const {at}) "{text}")"#);
        copies += &format!(
            "(memory.copy (local.get $end) (i32.const {at}) (i32.const {length}))
             (local.set $end (i32.add (local.get $end) (i32.const {length})))"
        );
    }
    format!(
        r#"(module
            (import "wasi:cli/stdout@0.2.12" "get-stdout" (func $stdout (result i32)))
            (import "wasi:io/streams@0.2.12" "[method]output-stream.blocking-write-and-flush"
                (func $write (param i32 i32 i32 i32)))
            (memory (export "memory") 1)
            {data}
            {DECIMAL}
            (func (export "wasi:cli/run@0.2.12#run") (result i32)
                (local $out i32) (local $left i32) (local $end i32)
                (local.set $out (call $stdout))
                (local.set $left (i32.const {records}))
                (loop $again
                    (local.set $end (i32.const 8192))
                    {copies}
                    (local.set $end (call $decimal
                        (local.get $end) (i64.extend_i32_u (local.get $left))))
                    (i32.store8 offset=0 (local.get $end) (i32.const 125))
                    (i32.store8 offset=1 (local.get $end) (i32.const 10))
                    (call $write (local.get $out) (i32.const 8192)
                        (i32.sub (local.get $end) (i32.const 8190)) (i32.const 0))
                    (if (i32.load8_u (i32.const 0)) (then unreachable))
                    (br_if $again (local.tee $left
                        (i32.sub (local.get $left) (i32.const 1)))))
                i32.const 0))"#
    )
}

#[derive(Deserialize)]
struct Line<'a> {
    metric: &'a str,
    runner: &'a str,
    outcome: &'a str,
    duration_ms: u64,
}

struct State {
    wasi: WasiCtx,
    table: ResourceTable,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

struct Printed {
    room: usize,
    pre: InstancePre<State>,
    runtime: Runtime,
    metrics: Labelled,
}

impl Work for Printed {
    /// Each run has its own store. Its cost is negligible next to the lines.
    fn run(&mut self) -> Result<()> {
        let stdout = MemoryOutputPipe::new(self.room);
        let state = State {
            wasi: WasiCtxBuilder::new().stdout(stdout.clone()).build(),
            table: ResourceTable::new(),
        };
        let mut store = Store::new(self.pre.engine(), state);
        let (result,) = self.runtime.block_on(async {
            let instance = self.pre.instantiate_async(&mut store).await?;
            let main = main_of(&mut store, &instance)?;
            Result::Ok(main.call_async(&mut store, ()).await?)
        })?;
        result.map_err(|()| "the guest failed")?;
        drop(store);
        let printed = stdout.try_into_inner().ok_or("stdout is still open")?;
        for line in printed[..].split(|byte| *byte == b'\n') {
            if !line.is_empty() {
                self.record(line)?;
            }
        }
        Ok(())
    }

    fn arrived(&mut self) -> Result<Arrived> {
        self.metrics.arrived()
    }
}

impl Printed {
    fn record(&self, line: &[u8]) -> Result<()> {
        let line: Line<'_> = serde_json::from_slice(line)?;
        let metric = self.metrics.metric(line.metric)?;
        metric.record(&[line.runner, line.outcome], line.duration_ms)
    }
}
