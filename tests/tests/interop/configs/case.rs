use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// The expected result of a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Good,
    Rejected,
    Unusable,
    Checked,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Good, Self::Rejected, Self::Unusable, Self::Checked];

    pub(crate) const fn folder(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Rejected => "rejected",
            Self::Unusable => "unusable",
            Self::Checked => "checked",
        }
    }
}

/// A file in `configs/`.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    /// Its first lines without `# `: `error: LINE:COLUMN: KEY: REASON`.
    pub(crate) said: Vec<String>,
    /// True if the JSON schema accepts the configuration.
    pub(crate) schema_accepts: bool,
}

/// The comment of a configuration that the JSON schema accepts.
const SCHEMA: &str = "schema: accepts it";

impl Case {
    pub(crate) fn read(kind: Kind, path: &Path) -> Result<Self> {
        let name = path.file_stem().and_then(|name| name.to_str());
        let name = name.context("a name")?.to_owned();
        ensure!(
            path.extension().is_some_and(|ending| ending == "toml"),
            "{}: a case is a file of TOML",
            path.display()
        );
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let head: Vec<_> = text.lines().map_while(told).map(str::to_owned).collect();
        Ok(Self {
            kind,
            name,
            path: path.into(),
            said: head
                .iter()
                .filter(|line| *line != SCHEMA)
                .cloned()
                .collect(),
            schema_accepts: head.iter().any(|line| line == SCHEMA),
            text,
        })
    }

    /// The file with these expected messages.
    pub(crate) fn saying(&self, said: &[String]) -> String {
        let accepts = self.schema_accepts.then(|| SCHEMA.to_owned());
        let head = said
            .iter()
            .chain(&accepts)
            .map(|line| format!("# {line}\n"));
        let body = self.text.split_inclusive('\n');
        let body = body.skip_while(|line| told(line.trim_end()).is_some());
        head.chain(body.map(str::to_owned)).collect()
    }
}

fn told(line: &str) -> Option<&str> {
    let line = line.strip_prefix("# ")?;
    let is_told = ["error: ", "warning: ", "schema: "]
        .iter()
        .any(|kind| line.starts_with(kind));
    is_told.then_some(line)
}
