//! A cell: a reporter, a way, and a backend.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use solti_metrics::{Event, ExpositionFormat, FanoutMetrics, MemoryMetrics, PrometheusMetrics};
use solti_metrics_host::runner::Runner;
use solti_metrics_tests::cached_code;
use solti_metrics_tests::series::Series;

use crate::languages::expected::Input;
use crate::languages::seen::{look, task};
use crate::matrix::backend::{Backend, Destination};
use crate::matrix::route::Route;

/// Runs the reporter. Compares its calls with the expected ones, and the resulting series
/// with those of our own backend and with the test's own count. All ledgers balance, and
/// no record is lost.
pub(crate) fn check(reporter: &Path, route: &Route, destination: &Destination) -> Result<()> {
    let memory = Arc::new(MemoryMetrics::new());
    let backend = Backend::start(route, destination)?;
    let both = Arc::new(FanoutMetrics::new([memory.clone() as _, backend.handle()]));
    let runner = Runner::builder(both.clone());
    let runner = runner.artifacts(cached_code::artifacts()?).build()?;
    let program = cached_code::program(&runner, reporter)?;

    let tokio = tokio::runtime::Runtime::new()?;
    let mut before = 0;
    for input in inputs() {
        let report = tokio.block_on(runner.run(&program, task(&input)))?;
        let events = memory.events().split_off(before);
        before += events.len();
        look(&input, events, &report).with_context(|| format!("given {:?}", input.args))?;
    }
    let events = memory.events();
    let records = events.len() as u64;
    let booked = runner.guest_ledger() + runner.own_ledger();
    ensure!(
        booked.accepted() == records && booked.delivered() == records,
        "{records} records: {booked:?}"
    );
    let exposed = backend.exposed_at_the_end(records, &tokio)?;
    ensure!(both.panicked().eq([0, 0]), "a backend has panicked");
    same(&route.passed(events), &exposed)
}

/// Inputs for each outcome, for a failure of set-up, for no records, and for more records
/// than the capacity of a ring.
fn inputs() -> [Input; 4] {
    [
        input("2", b"one two\nthree \xff\n\nfour five six\n\t seven"),
        input("two", b"not read\n"),
        input("0", b""),
        input("1", &b"a b\nc\n".repeat(100)),
    ]
}

fn input(arg: &str, text: &[u8]) -> Input {
    Input {
        args: vec![arg.to_owned()],
        text: text.to_vec(),
    }
}

fn same(events: &[Event], exposed: &str) -> Result<()> {
    let theirs = Series::read(exposed)?;
    Series::of(events)?.must_equal(&theirs)?;
    // Sums of milliseconds are exact in each language.
    ensure!(theirs == ours(events)?, "off by rounding:\n{exposed}");
    Ok(())
}

/// The series of our own backend after these events.
pub(crate) fn ours(events: &[Event]) -> Result<Series> {
    let prometheus = PrometheusMetrics::new();
    for event in events {
        event.record_into(&prometheus);
    }
    Series::read(&prometheus.encode(ExpositionFormat::OpenMetrics)?)
}
