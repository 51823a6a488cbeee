use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// Counts by name. A name that is missing must have no count.
pub(crate) type Counts = BTreeMap<String, u64>;

/// A `case.toml`: the setup of a fault, and its expected result.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// The reason for the result, as a sentence.
    pub(crate) why: String,
    /// The arguments. The working folder has only the inputs.
    pub(crate) args: Vec<String>,
    /// The exit code.
    pub(crate) status: i32,
    /// Texts that standard error must contain.
    #[serde(default)]
    pub(crate) stderr: Vec<String>,
    /// Texts that standard output must contain.
    #[serde(default)]
    pub(crate) stdout: Vec<String>,
    /// Started tasks by runner. Not checked if empty.
    #[serde(default)]
    pub(crate) started: Counts,
    /// Tasks completed, by `runner/outcome`.
    #[serde(default)]
    pub(crate) tasks: Counts,
    /// Runner errors, by `runner/error`.
    #[serde(default)]
    pub(crate) errors: Counts,
    /// The ledger of the guests. Without it, the guests make no records.
    #[serde(default)]
    pub(crate) ledger: Ledger,
    /// Length to which each component is truncated, in bytes.
    pub(crate) truncate: Option<usize>,
    /// Further inputs.
    #[serde(default)]
    pub(crate) make: BTreeMap<String, Make>,
    /// New names of inputs, for names that a repository cannot have.
    #[serde(default)]
    pub(crate) rename: BTreeMap<String, String>,
    /// True if standard output is closed from the start.
    #[serde(default)]
    pub(crate) closed_stdout: bool,
    /// The signal to the program, and its time.
    pub(crate) signal: Option<Signal>,
}

/// The guests' ledger. Missing counts are zero.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ledger {
    #[serde(default)]
    pub(crate) accepted: u64,
    #[serde(default)]
    pub(crate) delivered: u64,
    #[serde(default)]
    pub(crate) clamped: u64,
    #[serde(default)]
    pub(crate) dropped: Counts,
}

/// An input that a repository should not have.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Make {
    Directory,
    /// A named pipe.
    Fifo,
    /// A symbolic link to this path.
    Link(String),
    /// A sparse file with this number of zeros.
    Zeros(u64),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Signal {
    /// Name of the signal, such as `SIGINT`.
    pub(crate) name: String,
    /// The output of the program that triggers the signal.
    pub(crate) after: String,
}

impl Case {
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("case.toml");
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let case: Self = toml::from_str(&text).with_context(|| path.display().to_string())?;
        ensure!(!case.why.is_empty(), "{}: why?", path.display());
        ensure!(
            case.reports() || case.expects_no_report(),
            "{}: expectations of the report need `--format json`",
            path.display()
        );
        Ok(case)
    }

    /// Returns whether the program writes a report to standard output. Wrong use gets no report.
    pub(crate) fn reports(&self) -> bool {
        let asked = self
            .args
            .windows(2)
            .any(|pair| pair == ["--format", "json"]);
        asked && self.status != 2
    }

    fn expects_no_report(&self) -> bool {
        let Ledger {
            accepted,
            delivered,
            clamped,
            dropped,
        } = &self.ledger;
        let counts = [&self.started, &self.tasks, &self.errors, dropped];
        accepted + delivered + clamped == 0 && counts.iter().all(|counts| counts.is_empty())
    }
}
