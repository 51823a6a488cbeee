//! A sequence of calls gives the same observations with each backend and each kind of
//! host.

mod batches;
mod hosts;

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use hosts::{HOSTS, Observed};
use solti_metrics::{
    Event, ExpositionFormat, FanoutMetrics, MemoryMetrics, MetricsBackend, MetricsHandle,
    PrometheusMetrics, noop_metrics,
};
use solti_metrics_tests::guest::recording;
use solti_metrics_tests::script::script;

/// The events that a backend remembers, if it does.
type Remembered = Box<dyn Fn() -> Vec<Event>>;

#[test]
fn each_host_delivers_all_records_in_order_to_each_backend() -> Result<()> {
    let (script, guest) = (script(), recording(&script())?);
    for (host, run) in HOSTS {
        for (backend, handle, remembered) in backends() {
            let observed = run(&guest, handle).with_context(|| host.to_owned())?;
            let made = script.len() as u64;
            ensure!(
                observed
                    == Observed {
                        accepted: made,
                        delivered: made,
                        dropped: 0,
                        clamped: 0
                    },
                "{host}, {backend}: {observed:?}"
            );
            if let Some(remembered) = remembered {
                ensure!(
                    remembered() == script,
                    "{host}, {backend}: another sequence"
                );
            }
        }
    }
    Ok(())
}

/// The test omits the runner, which adds its own records.
#[test]
fn each_host_has_the_exposition_of_native_calls() -> Result<()> {
    let native = PrometheusMetrics::new();
    for event in script() {
        event.record_into(&native);
    }
    let expected = sorted(&native)?;
    let guest = recording(&script())?;
    for (host, run) in HOSTS
        .into_iter()
        .filter(|(host, _)| !host.starts_with("runner"))
    {
        let metrics = Arc::new(PrometheusMetrics::new());
        run(&guest, Arc::clone(&metrics) as MetricsHandle)?;
        ensure!(sorted(&metrics)? == expected, "{host}");
    }
    Ok(())
}

/// The samples have no fixed order.
fn sorted(metrics: &PrometheusMetrics) -> Result<Vec<String>> {
    let text = metrics.encode(ExpositionFormat::OpenMetrics)?;
    let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
    lines.sort();
    Ok(lines)
}

/// Each backend of the facade, and each pointer type that is a backend.
fn backends() -> Vec<(&'static str, MetricsHandle, Option<Remembered>)> {
    let memory = || Arc::new(MemoryMetrics::new());
    let events = |memory: &Arc<MemoryMetrics>| {
        let memory = Arc::clone(memory);
        Some(Box::new(move || without_runner(memory.events())) as Remembered)
    };
    let (plain, boxed, double) = (memory(), memory(), memory());
    let (left, right) = (memory(), memory());
    let fanout = FanoutMetrics::new([left.clone() as _, noop_metrics(), right.clone() as _]);
    let leaked: &'static MemoryMetrics = Box::leak(Box::new(MemoryMetrics::new()));
    let both = {
        let (left, right) = (Arc::clone(&left), Arc::clone(&right));
        Box::new(move || {
            let (left, right) = (
                without_runner(left.events()),
                without_runner(right.events()),
            );
            if left == right { left } else { Vec::new() }
        }) as Remembered
    };
    let in_box: Box<dyn MetricsBackend> = Box::new(Arc::clone(&boxed));
    vec![
        ("no-op", noop_metrics(), None),
        ("memory", plain.clone(), events(&plain)),
        ("Box<dyn>", Arc::new(in_box), events(&boxed)),
        ("Arc<Arc>", Arc::new(Arc::clone(&double)), events(&double)),
        (
            "&'static",
            Arc::new(leaked),
            Some(Box::new(|| without_runner(leaked.events()))),
        ),
        ("fan-out", Arc::new(fanout), Some(both)),
        ("prometheus", Arc::new(PrometheusMetrics::new()), None),
    ]
}

/// The events without the runner's own, if there are any: the first and the last one.
fn without_runner(mut events: Vec<Event>) -> Vec<Event> {
    if events.len() == script().len() + 2 {
        events.pop();
        events.remove(0);
    }
    events
}
