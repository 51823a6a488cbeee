//! `serve.toml` and the configuration of the ConfigMap: the values on which other files
//! depend.

use anyhow::{Context, Result};
use toml::{Table, Value};

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

    /// Maximum time of a stop, in seconds: tasks end, and then backends take the
    /// remaining records.
    pub(crate) fn stop(&self) -> Result<u64> {
        let seconds = |key| -> Result<u64> {
            Ok(humantime::parse_duration(self.text("runner", key)?)?.as_secs())
        };
        Ok(seconds("shutdown_timeout")? + seconds("drain_timeout")?)
    }

    /// Maximum memory in bytes: a compilation, all concurrent tasks, and each backend.
    pub(crate) fn memory(&self) -> Result<u64> {
        let concurrency = self.0["runner"]["concurrency"].as_integer();
        let concurrency = concurrency.context("no concurrency")? as u64;
        let largest = self.each("tasks", "max_memory")?.into_iter().max();
        let backends: u64 = self.each("backends", "max_memory")?.into_iter().sum();
        let compilation = bytes(self.text("compilation", "compile_memory")?)?;
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
}

/// Bytes of a size with a binary unit, of TOML (`64MiB`), Kubernetes (`64Mi`) or systemd
/// (`64M`).
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
