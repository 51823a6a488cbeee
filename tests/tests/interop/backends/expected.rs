//! The metrics that statsd must have.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value};
use solti_metrics::Event;

use crate::backends::statsd::Statsd;

/// Counters and timers, by name.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Expected {
    pub(crate) counters: BTreeMap<String, u64>,
    pub(crate) timers: BTreeMap<String, Vec<u64>>,
}

impl Expected {
    /// Adds records, with names from the metric and its labels.
    pub(crate) fn record(
        &mut self,
        events: &[Event],
        name: impl Fn(&str, &[(&str, &str)]) -> String,
    ) -> Result<()> {
        for event in events {
            let runner = ("runner", event.runner().as_label());
            let name = match event {
                Event::TaskStarted { .. } => name("tasks_started", &[runner]),
                Event::TaskCompleted {
                    outcome,
                    duration_ms,
                    ..
                } => {
                    let labels = [runner, ("outcome", outcome.as_label())];
                    let timer = name("task_duration", &labels);
                    self.timers.entry(timer).or_default().push(*duration_ms);
                    name("tasks_completed", &labels)
                }
                Event::RunnerError { error, .. } => {
                    name("runner_errors", &[runner, ("error", error.as_label())])
                }
                other => bail!("no name is known for {other:?}"),
            };
            *self.counters.entry(name).or_default() += 1;
        }
        Ok(())
    }

    /// Waits until the server has as many values with this prefix, and compares them.
    pub(crate) fn must_be_at(&self, server: &Statsd, prefix: &str) -> Result<()> {
        let sum = self.counters.values().sum();
        let found = server.counters(prefix, sum)?;
        let found = read(&found, Value::as_u64)?;
        ensure!(found == self.counters, "{found:?}");
        let found = server.timers(prefix)?;
        let found = read(&found, |value| {
            value.as_array()?.iter().map(Value::as_u64).collect()
        })?;
        ensure!(found == self.timers, "{found:?}");
        Ok(())
    }
}

/// Names that contain the labels.
pub(crate) fn plain(prefix: &str) -> impl Fn(&str, &[(&str, &str)]) -> String {
    move |metric, labels| {
        let labels = labels.iter().map(|(_, label)| *label);
        let parts = [prefix, metric].into_iter().chain(labels);
        parts.collect::<Vec<_>>().join(".")
    }
}

fn read<T>(
    answer: &Map<String, Value>,
    value: impl Fn(&Value) -> Option<T>,
) -> Result<BTreeMap<String, T>> {
    let read = answer
        .iter()
        .map(|(name, it)| Some((name.clone(), value(it)?)));
    read.collect::<Option<_>>()
        .with_context(|| format!("{answer:?}"))
}
