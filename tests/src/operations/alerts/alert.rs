use std::fmt;

use super::case::Case;
use super::yaml::Yaml;

/// An alert, with its test cases.
#[derive(Debug, Clone)]
pub struct Alert {
    /// Name of the alert, and heading of its section in `docs/operate/alerts.md`.
    pub name: &'static str,
    /// The expression of the alert. The alert is pending while it has a result.
    pub expression: String,
    /// Time from pending to firing, as a duration of Prometheus, if any.
    pub hold: Option<&'static str>,
    /// Urgency of the alert.
    pub severity: Severity,
    /// The problem, in one line.
    pub summary: &'static str,
    /// The extent of the problem, and the first step of a remedy.
    pub description: &'static str,
    /// Test cases.
    pub cases: Vec<Case>,
}

/// How urgent an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// An operator must act now: tasks do not run, or records are lost.
    Critical,
    /// An operator must look during working hours.
    Warning,
}

impl Alert {
    /// The section of the runbook in this repository.
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
