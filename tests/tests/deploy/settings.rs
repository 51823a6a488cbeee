//! `serve.toml`, and the one in the ConfigMap: what others rely on.

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use toml::{Table, Value};

use crate::{deployed, trial};

pub(crate) fn trials() -> Vec<Trial> {
    vec![trial(
        "the_example_has_only_settings_that_there_are",
        || Settings::read(&deployed("serve.toml")?)?.must_be_known(),
    )]
}

/// The settings that there are, by table. A task's and a backend's name is the
/// person's own.
const KNOWN: [(&str, &[&str]); 6] = [
    ("server", &["listen", "token_file"]),
    (
        "runner",
        &[
            "concurrency",
            "grace",
            "drain_timeout",
            "max_component",
            "stack",
            "path",
            "async",
            "fuel",
        ],
    ),
    (
        "artifacts",
        &["cache", "size", "key", "compile_memory", "compile_timeout"],
    ),
    ("log", &["format", "level"]),
    (
        "tasks",
        &[
            "component",
            "args",
            "env",
            "dirs",
            "stdin",
            "schedule",
            "every",
            "repeat",
            "concurrency",
            "admission",
            "queue",
            "timeout",
            "max_memory",
            "max_output",
            "quota",
            "output",
            "backoff",
        ],
    ),
    (
        "backends",
        &[
            "component",
            "grants",
            "queue",
            "timeout",
            "memory",
            "otlp",
            "statsd",
        ],
    ),
];

/// A configuration of `serve`.
pub(crate) struct Settings(Table);

impl Settings {
    pub(crate) fn read(text: &str) -> Result<Self> {
        Ok(Self(text.parse()?))
    }

    pub(crate) fn text(&self, table: &str, key: &str) -> Result<&str> {
        let found = self.0.get(table).and_then(|table| table.get(key));
        let found = found.and_then(Value::as_str);
        found.with_context(|| format!("no [{table}] {key}"))
    }

    /// The port of `listen`.
    pub(crate) fn port(&self) -> Result<u64> {
        let (_, port) = self
            .text("server", "listen")?
            .rsplit_once(':')
            .context("no port")?;
        Ok(port.parse()?)
    }

    /// Seconds that a stop may take: tasks end, and then backends take what waits.
    pub(crate) fn stop(&self) -> Result<u64> {
        let seconds = |key| -> Result<u64> {
            Ok(humantime::parse_duration(self.text("runner", key)?)?.as_secs())
        };
        Ok(seconds("grace")? + seconds("drain_timeout")?)
    }

    /// Bytes that all of it may take at the same time: a compilation, as many tasks
    /// as may run, and each backend.
    pub(crate) fn memory(&self) -> Result<u64> {
        let concurrency = self.0["runner"]["concurrency"].as_integer();
        let concurrency = concurrency.context("no concurrency")? as u64;
        let largest = self.each("tasks", "max_memory")?.into_iter().max();
        let backends: u64 = self.each("backends", "memory")?.into_iter().sum();
        let compilation = bytes(self.text("artifacts", "compile_memory")?)?;
        Ok(compilation + concurrency * largest.unwrap_or(0) + backends)
    }

    fn each(&self, table: &str, key: &str) -> Result<Vec<u64>> {
        let named = self.0.get(table).and_then(Value::as_table);
        let named = named.with_context(|| format!("no [{table}]"))?;
        let each = named.iter().map(|(name, of)| {
            let said = of.get(key).and_then(Value::as_str);
            bytes(said.with_context(|| format!("no {key} in [{table}.{name}]"))?)
        });
        each.collect()
    }

    /// What is written here and read by nobody is a mistake.
    pub(crate) fn must_be_known(&self) -> Result<()> {
        for (table, within) in &self.0 {
            let known = KNOWN.iter().find(|(known, _)| known == table);
            let (_, known) = known.with_context(|| format!("there is no [{table}]"))?;
            let within = within.as_table().context("no table")?;
            let named = matches!(&**table, "tasks" | "backends");
            let tables: Vec<&Table> = if named {
                within.values().filter_map(Value::as_table).collect()
            } else {
                vec![within]
            };
            for key in tables.into_iter().flat_map(Table::keys) {
                ensure!(known.contains(&&**key), "there is no [{table}] {key}");
            }
        }
        Ok(())
    }
}

/// Bytes of what is written with a binary unit, of TOML (`64MiB`), Kubernetes
/// (`64Mi`) or systemd (`64M`).
pub(crate) fn bytes(text: &str) -> Result<u64> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let shift = match text[digits.len()..].chars().next() {
        Some('K') => 10,
        Some('M') => 20,
        Some('G') => 30,
        other => anyhow::bail!("no unit that is known in {text:?}: {other:?}"),
    };
    Ok(digits.parse::<u64>()? << shift)
}
