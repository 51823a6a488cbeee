use std::fmt;

use super::case::Case;
use super::yaml::Yaml;

/// An alert, with the cases that show when it fires.
#[derive(Debug, Clone)]
pub struct Alert {
    /// Its name, and the heading of its section in `docs/operate/alerts.md`.
    pub name: &'static str,
    /// When it is pending.
    pub expression: String,
    /// For how long before it fires: a duration as Prometheus writes it, if any.
    pub hold: Option<&'static str>,
    /// Whom it may wake.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub summary: &'static str,
    /// How much of it there is, and the first thing to do.
    pub description: &'static str,
    /// What it is held to.
    pub cases: Vec<Case>,
}

/// How urgent an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Somebody has to act now: tasks do not run, or records are lost for good.
    Critical,
    /// Somebody has to look in working hours.
    Warning,
}

impl Alert {
    /// Where in this repository it is told what to do.
    #[must_use]
    pub fn runbook(&self) -> String {
        format!("docs/operate/alerts.md#{}", self.name.to_lowercase())
    }

    pub(super) fn write(&self, yaml: &mut Yaml) {
        yaml.item(3, "alert", self.name);
        yaml.block(4, "expr", &self.expression);
        if let Some(hold) = self.hold {
            yaml.line(4, &format!("for: {hold}"));
        }
        yaml.line(4, "labels:");
        yaml.line(5, &format!("severity: {}", self.severity));
        yaml.line(4, "annotations:");
        yaml.text(5, "summary", self.summary);
        yaml.text(5, "description", self.description);
        yaml.text(5, "runbook", &self.runbook());
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
        })
    }
}
