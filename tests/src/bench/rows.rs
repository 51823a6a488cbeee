//! All rows.

mod adder;
mod attributes;
mod backends;
mod composed;
mod core_module;
mod direct;
mod guest;
mod handles;
mod inlined;
mod json_lines;
mod labelled;
mod metric_id;
mod native;
mod one_by_one;
mod packed;
mod program;
mod queue;
mod strings;
mod task;
mod typed;

use super::copies::Copies;
use super::{Group, Result, Row, Unit, Work};

pub(super) use backends::scraped;
pub(super) use guest::recording;

/// All rows, in the order in which they are shown and take turns.
///
/// `records` is the number of records in one run of a row. A row of tasks makes a
/// hundredth of that. Each row is set up `copies` times.
///
/// # Errors
///
/// When a row cannot be set up.
pub fn rows(records: u32, copies: usize) -> Result<Vec<Row>> {
    let mut rows = of_records(records, copies)?;
    rows.extend(of_tasks(records.div_ceil(100), copies)?);
    Ok(rows)
}

type Made = Result<Box<dyn Work>>;

fn of_records(count: u32, copies: usize) -> Result<Vec<Row>> {
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
            "The same call to a backend of two relaxed atomic additions.",
            &|| Ok(native::atomics(count)),
        ),
        baseline(
            "native, Prometheus",
            "The same call to `PrometheusMetrics`.",
            &|| Ok(native::prometheus(count)),
        ),
        baseline(
            "native, prometheus-client",
            "The same call to a counter and a histogram of the crate `prometheus-client`, looked up before.",
            &|| Ok(native::handles(count)),
        ),
        baseline(
            "native, admitted",
            "`MetricsCtx::record` into the atomics: the quota, the ledger, and that a panic ends there.",
            &|| Ok(native::admitted(count)),
        ),
        baseline(
            "core func_wrap",
            "A core module calls a host function, which makes that call into the atomics.",
            &|| core_module::called(count),
        ),
        baseline(
            "core func_wrap, admitted",
            "The same with `MetricsCtx::record` as the function's body.",
            &|| core_module::admitted(count),
        ),
        ours(
            "inlined, guest side",
            "The guest writes into the ring in its store, nobody takes records out, and nothing could interrupt it.",
            &|| inlined::alone(count, false),
        ),
        ours(
            "inlined, guest side, epoch",
            "The same guest with epoch checks, as the runner's.",
            &|| inlined::alone(count, true),
        ),
        ours(
            "inlined into atomics",
            "Records are taken out of the ring, admitted, and recorded; no epoch checks.",
            &|| inlined::into_atomics(count, false),
        ),
        ours(
            "inlined into atomics, epoch",
            "The same with epoch checks.",
            &|| inlined::into_atomics(count, true),
        ),
        ours(
            "inlined into Prometheus, epoch",
            "The same into `PrometheusMetrics`: what a record costs in the runner.",
            &|| inlined::into_prometheus(count),
        ),
        ours(
            "inlined, host side, Prometheus",
            "The host's part of that: what is in a full ring is admitted, booked, and added up.",
            &|| inlined::host_side(count),
        ),
        ours(
            "composed with a provider",
            "Guest and provider are one component, with the runner's engine settings: a call between two modules.",
            &|| composed::composed(count),
        ),
        ours(
            "direct",
            "A host function that `add_to_linker` has defined, admitted, into the atomics.",
            &|| direct::sync(count),
        ),
        ours(
            "direct, async",
            "The same, with `main` called through `call_async`.",
            &|| direct::asynchronous(count),
        ),
        ours(
            "direct, default engine",
            "The same, without async, on `Engine::default()`, which supports component-model concurrency.",
            &|| direct::default_engine(count),
        ),
        ours(
            "into a component's queue",
            "What whoever records pays for a backend that is a component.",
            &|| queue::enqueued(count),
        ),
        ours(
            "packed batch into a component",
            "From the queue into the component: two words for each record, 1,024 records in one call.",
            &|| packed::batch(count),
        ),
        ours(
            "packed batch, the call alone",
            "The same with words that were made before.",
            &|| packed::call(count),
        ),
        ours(
            "typed batch into a component",
            "The same with a `list<record>`, which the package does not have, and this row is why.",
            &|| typed::batch(count),
        ),
        ours(
            "one by one into a component",
            "For a provider that has `backend` alone: a call for each record.",
            &|| one_by_one::calls(count),
        ),
        otherwise(
            "metric id and value",
            "As in proxy-wasm: a core module calls a host function with the number of a metric, which is looked up, and a value.",
            &|| metric_id::calls(count),
        ),
        otherwise(
            "strings and labels",
            "A typed import takes a name and label values as strings; the host looks the metric up, and `with_label_values` the series.",
            &|| strings::calls(count),
        ),
        otherwise(
            "attributes and time",
            "As in OTLP: a typed import takes a record of a name, `list<tuple<string, string>>`, a value and a time.",
            &|| attributes::calls(count),
        ),
        otherwise(
            "JSON lines on stdout",
            "The guest prints a line, and the host parses it with `serde_json` and records it with `with_label_values`.",
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
            "A store, an instance of a linked guest in it, and away with both.",
            &|| task::bare(count),
        ),
        row(
            Group::Ours,
            "instance with the sink",
            "The same with the ring in the store, the sink in the component, and a context that admits records.",
            &|| task::with_sink(count),
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
            "The same where room for tasks was set aside.",
            &|| program::tasks(count, Some(2)),
        ),
    ];
    rows.into_iter().collect()
}
