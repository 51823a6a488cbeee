use serde::Serialize;

use super::args::Format;
use super::counts::Row;
use super::text;
use super::verdict::Check;
use crate::exit::print;

/// What was looked at in one role of a component.
#[derive(Debug, Serialize)]
pub(super) struct Suite {
    pub(super) role: &'static str,
    /// The optional interfaces that it has, if it receives records.
    pub(super) interfaces: Vec<&'static str>,
    pub(super) checks: Vec<Check>,
    /// What a guest recorded, when it was run as it is.
    pub(super) records: Option<Vec<Row>>,
    #[serde(skip)]
    format: Format,
}

impl Suite {
    pub(super) fn new(role: &'static str, interfaces: Vec<&'static str>, format: Format) -> Self {
        Self {
            role,
            interfaces,
            checks: Vec::new(),
            records: None,
            format,
        }
    }

    /// Adds a check. A person sees it at once: some take seconds.
    pub(super) fn add(&mut self, check: Check) -> anyhow::Result<()> {
        if self.format == Format::Text {
            print(&text::check(&check))?;
        }
        self.checks.push(check);
        Ok(())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.checks.iter().any(|check| check.name == name)
    }

    /// How many checks ended like this: `passed`, `failed` or `skipped`.
    pub(super) fn count(&self, label: &str) -> usize {
        let checks = self.checks.iter();
        checks.filter(|it| it.verdict.as_label() == label).count()
    }

    /// How long they took together, in seconds.
    pub(super) fn seconds(&self) -> f64 {
        self.checks.iter().map(|it| it.took.as_secs_f64()).sum()
    }
}
