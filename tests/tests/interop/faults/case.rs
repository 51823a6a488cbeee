use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// How many of each, by name. What is not named must not be there.
pub(crate) type Counts = BTreeMap<String, u64>;

/// A `case.toml`: how a fault is made, and what has to come of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// Why it has to be so, in a sentence.
    pub(crate) why: String,
    /// The arguments, in a folder that holds the inputs and nothing else.
    pub(crate) args: Vec<String>,
    /// The exit code.
    pub(crate) status: i32,
    /// What standard error has to contain.
    #[serde(default)]
    pub(crate) stderr: Vec<String>,
    /// What standard output has to contain.
    #[serde(default)]
    pub(crate) stdout: Vec<String>,
    /// Tasks started, by runner; not looked at if empty.
    #[serde(default)]
    pub(crate) started: Counts,
    /// Tasks completed, by `runner/outcome`.
    #[serde(default)]
    pub(crate) tasks: Counts,
    /// Runner errors, by `runner/error`.
    #[serde(default)]
    pub(crate) errors: Counts,
    /// What became of the guests' records; they made none if absent.
    #[serde(default)]
    pub(crate) ledger: Ledger,
    /// How many bytes to keep of each component.
    pub(crate) truncate: Option<usize>,
    /// Further inputs.
    #[serde(default)]
    pub(crate) make: BTreeMap<String, Make>,
    /// New names for inputs, such as no repository can hold.
    #[serde(default)]
    pub(crate) rename: BTreeMap<String, String>,
    /// Whether nobody reads standard output, from the beginning.
    #[serde(default)]
    pub(crate) closed_stdout: bool,
    /// What to send to the program, and when.
    pub(crate) signal: Option<Signal>,
}

/// The guests' ledger, as far as it is not zero.
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

/// An input that no repository should hold.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Make {
    Directory,
    /// A named pipe.
    Fifo,
    /// A symbolic link to this.
    Link(String),
    /// A file of so many zeros, which take no space.
    Zeros(u64),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Signal {
    /// Its name, `SIGINT`.
    pub(crate) name: String,
    /// The output of the program after which it is sent.
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
            "{}: what is expected of the report is in none without `--format json`",
            path.display()
        );
        Ok(case)
    }

    /// Whether a report is on standard output, to be looked at. Whoever uses
    /// the program wrongly gets none.
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
