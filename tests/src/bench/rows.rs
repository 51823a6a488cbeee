//! All rows.

mod adder;
mod attributes;
mod backends;
mod composed;
mod core_module;
mod direct;
mod embedded;
mod guest;
mod handles;
mod inlined;
mod json_lines;
mod labelled;
mod labelled_calls;
mod metric_id;
mod native;
mod one_by_one;
mod packed;
mod program;
mod queue;
mod strings;
mod supervised;
mod task;
mod typed;

use super::copies::Copies;
use super::{Group, Result, Row, Unit, Work};

pub(super) use adder::adder;
pub(super) use backends::scraped;
pub(super) use guest::{engine, main_of, recording};
pub(super) use supervised::Supervised;

use queue::Worker;

/// Every row, in the order of the tables and of the turns. One run of a row makes `records`
/// records; a row of tasks makes a hundredth of that many tasks. Each row has `places`
/// copies. The large guest has `functions` functions besides its `main`.
///
/// # Errors
///
/// If a row could not be set up.
pub fn rows(records: u32, places: usize, functions: usize) -> Result<Vec<Row>> {
    let mut rows = of_records(records, places, functions)?;
    rows.extend(of_tasks(records.div_ceil(100), places)?);
    Ok(rows)
}

type Made = Result<Box<dyn Work>>;

fn of_records(count: u32, copies: usize, functions: usize) -> Result<Vec<Row>> {
    let large = inlined::Large::new(count, functions)?;
    let row = |group, name, about, make: &dyn Fn() -> Made| {
        Ok(Row {
            name,
            group,
            unit: Unit::Record,
            about,
            count,
            work: Box::new(Copies::new(copies, make)?),
        })
    };
    let baseline = |name, about, make| row(Group::Baseline, name, about, make);
    let ours = |name, about, make| row(Group::Ours, name, about, make);
    let otherwise = |name, about, make| row(Group::Otherwise, name, about, make);
    let rows = [
        baseline(
            "native, no-op",
            "A call through `Arc<dyn MetricsBackend>` to the backend that does nothing.",
            &|| Ok(native::no_op(count)),
        ),
        baseline(
            "native, atomics",
            "A call through `Arc<dyn MetricsBackend>` to a backend of two relaxed atomic additions.",
            &|| Ok(native::atomics(count)),
        ),
        baseline(
            "native, Prometheus",
            "A call through `Arc<dyn MetricsBackend>` to `PrometheusMetrics`.",
            &|| Ok(native::prometheus(count)),
        ),
        baseline(
            "native, prometheus-client",
            "A call through `Arc<dyn MetricsBackend>` to a counter and a histogram of the crate `prometheus-client`, with the series looked up beforehand.",
            &|| Ok(native::handles(count)),
        ),
        baseline(
            "native, admitted",
            "`MetricsCtx::record` into the atomics, with the quota, the ledger and containment of panics.",
            &|| Ok(native::admitted(count)),
        ),
        baseline(
            "core func_wrap",
            "A core module calls a host function, which calls the backend of atomics.",
            &|| core_module::called(count),
        ),
        baseline(
            "core func_wrap, admitted",
            "A core module calls a host function with `MetricsCtx::record` as its body.",
            &|| core_module::admitted(count),
        ),
        ours(
            "inlined, guest side",
            "The guest writes into the ring in its store; the ring is not drained, and interruption is off.",
            &|| inlined::alone(count, false),
        ),
        ours(
            "inlined, guest side, epoch",
            "The guest writes into the ring in its store, with epoch checks as in the runner; the ring is not drained.",
            &|| inlined::alone(count, true),
        ),
        ours(
            "large guest, guest side, epoch",
            "A guest with 60,000 more functions, which the host compiles without inlining, writes into the ring with epoch checks: the shim is called. The ring is not drained.",
            &|| large.alone(),
        ),
        ours(
            "inlined into atomics",
            "The host drains the ring and admits the records into the atomics, without epoch checks.",
            &|| inlined::into_atomics(count, false),
        ),
        ours(
            "inlined into atomics, epoch",
            "The host drains the ring and admits the records into the atomics, with epoch checks.",
            &|| inlined::into_atomics(count, true),
        ),
        ours(
            "inlined, embedder, epoch",
            "An embedder's own store of `Recorded` is drained and admits the records into the atomics, with epoch checks.",
            &|| embedded::into_atomics(count),
        ),
        ours(
            "inlined into Prometheus, epoch",
            "The host drains the ring into `PrometheusMetrics`, with epoch checks: the cost of a record in the runner.",
            &|| inlined::into_prometheus(count),
        ),
        ours(
            "inlined, host side, Prometheus",
            "The host's part of a record in the runner: admit, count and add up the records of a full ring.",
            &|| inlined::host_side(count),
        ),
        ours(
            "composed with a provider",
            "Guest and provider composed into one component, with the runner's engine settings: a call between two modules.",
            &|| composed::composed(count),
        ),
        ours(
            "direct",
            "A call of the host function that `add_to_linker` defines, which admits the record into the atomics.",
            &|| direct::sync(count),
        ),
        ours(
            "direct, async",
            "A call of the host function that `add_to_linker` defines, from a `main` that is called through `call_async`.",
            &|| direct::asynchronous(count),
        ),
        ours(
            "direct, default engine",
            "A call of the host function that `add_to_linker` defines, on `Engine::default()`, which supports component-model concurrency.",
            &|| direct::default_engine(count),
        ),
        ours(
            "component queue, worker waits",
            "The cost for the recording thread of a backend that is a component, while its worker gathers a batch.",
            &|| queue::enqueued(count, Worker::Waiting),
        ),
        ours(
            "component queue, worker runs",
            "The cost for the recording thread of a backend that is a component, while its worker takes the records on another processor. Both processors write to the same memory, so the figure depends on the machine and on its load.",
            &|| queue::enqueued(count, Worker::Busy),
        ),
        ours(
            "packed batch into a component",
            "From the queue into the component: two words for each record, 1,024 records in one call.",
            &|| packed::batch(count),
        ),
        ours(
            "packed batch, the call alone",
            "A packed batch of 1,024 records into the component, with words that were encoded beforehand.",
            &|| packed::call(count),
        ),
        ours(
            "typed batch into a component",
            "From the queue into the component, as a `list<record>`. The package has no such function, because of this figure.",
            &|| typed::batch(count),
        ),
        ours(
            "one by one into a component",
            "One call for each record, for a provider that exports only `backend`.",
            &|| one_by_one::calls(count),
        ),
        otherwise(
            "metric id and value",
            "As in proxy-wasm: a core module calls a host function with the number of a metric and a value; the host looks up the metric.",
            &|| metric_id::calls(count),
        ),
        otherwise(
            "strings and labels",
            "A typed import takes a name and label values as strings; the host looks up the metric, and `with_label_values` looks up the series.",
            &|| strings::calls(count),
        ),
        otherwise(
            "attributes and time",
            "As in OTLP: a typed import takes a record of a name, `list<tuple<string, string>>`, a value and a time.",
            &|| attributes::calls(count),
        ),
        otherwise(
            "JSON lines on stdout",
            "The guest prints a line; the host parses the line with `serde_json` and records it with `with_label_values`.",
            &|| json_lines::printed(count),
        ),
    ];
    rows.into_iter().collect()
}

fn of_tasks(count: u32, copies: usize) -> Result<Vec<Row>> {
    let row = |group, name, about, make: &dyn Fn() -> Made| {
        Ok(Row {
            name,
            group,
            unit: Unit::Task,
            about,
            count,
            work: Box::new(Copies::new(copies, make)?),
        })
    };
    let rows = [
        row(
            Group::Baseline,
            "bare instance",
            "Create a store and an instance of a linked guest, and drop both.",
            &|| task::bare(count),
        ),
        row(
            Group::Ours,
            "instance with the shim",
            "Create and drop a store and an instance, with the ring in the store, the shim in the component, and a context that admits records.",
            &|| task::with_shim(count),
        ),
        row(
            Group::Ours,
            "task through the runner",
            "`Runner::run` of a guest that makes one record: WASI, limits, a deadline, the ledger, and a report.",
            &|| program::tasks(count, None),
        ),
        row(
            Group::Ours,
            "task through the runner, pool",
            "`Runner::run` of a guest that makes one record, with a pool of slots for tasks.",
            &|| program::tasks(count, Some(2)),
        ),
        row(
            Group::Baseline,
            "empty guest through the runner",
            "`Runner::run` of a guest that does nothing.",
            &|| supervised::alone(count),
        ),
        row(
            Group::Ours,
            "empty guest through the engine",
            "A run of a guest that does nothing, through the engine that supervises tasks, with `repeat`. The CPU time of all threads counts.",
            &|| supervised::engine(count),
        ),
    ];
    rows.into_iter().collect()
}
