use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::endurance::Ledger;

/// The entries of a log that a model explains.
#[derive(Debug, Default)]
pub(crate) struct Log {
    /// The ends of all runs.
    pub(crate) runs: Vec<LoggedRun>,
    /// The final ledgers.
    pub(crate) ledgers: Vec<Ledger>,
}

/// The end of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LoggedRun {
    pub(crate) task: String,
    pub(crate) outcome: String,
    /// Accepted records.
    pub(crate) records: u64,
    /// Dropped records.
    pub(crate) dropped: u64,
    /// Number of records that the runner itself makes of the run.
    pub(crate) of_runner: u64,
}

impl Log {
    /// Reads a log. Each line is a JSON object, except the end of a line that the death of
    /// the process cut off.
    pub(crate) fn read(text: &str) -> Result<Self> {
        ensure!(!text.contains("panicked at"), "it panicked: {text}");
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let mut log = Self::default();
        for line in whole.lines() {
            let entry: Value = serde_json::from_str(line).with_context(|| line.to_owned())?;
            for key in ["timestamp", "level", "message", "target"] {
                ensure!(entry[key].is_string(), "no {key}: {line}");
            }
            match entry["message"].as_str().unwrap_or_default() {
                "run ended" => log.runs.push(LoggedRun::of(&entry)?),
                "records" => log.ledgers.push(Ledger::of(&entry)?),
                _ => {}
            }
        }
        Ok(log)
    }

    pub(crate) fn ledger(&self, source: &str) -> Result<&Ledger> {
        let mut ledgers = self.ledgers.iter();
        ledgers
            .find(|ledger| ledger.source == source)
            .with_context(|| format!("no ledger of {source}"))
    }
}

impl LoggedRun {
    fn of(entry: &Value) -> Result<Self> {
        let text = |key: &str| entry[key].as_str().with_context(|| entry.to_string());
        let of_runner = match (text("outcome")?, &entry["records"]) {
            // An error.
            ("start_failed", _) => 1,
            // The run was canceled before its start.
            (_, Value::Null) => 0,
            // The start and the end.
            _ => 2,
        };
        Ok(Self {
            of_runner,
            task: text("task")?.to_owned(),
            outcome: text("outcome")?.to_owned(),
            records: entry["records"].as_u64().unwrap_or_default(),
            dropped: entry["dropped"].as_u64().unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_line_may_be_incomplete() {
        let line = r#"{"timestamp":"t","level":"INFO","message":"ready","target":"x"}"#;
        assert!(Log::read(&format!("{line}\n{line}\n{{\"time")).is_ok());
        assert!(Log::read(&format!("{line}\n{{\"time\n{line}\n")).is_err());
        assert!(Log::read("thread 'main' panicked at x\n").is_err());
    }
}
