//! The report of a test.

mod junit;
pub(crate) mod text;

use std::fmt;

use serde::Serialize;

use crate::suite::Suite;

/// Results of a test, for each role of the component.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Report {
    /// Printable name of the component.
    pub component: String,
    /// The version of `solti:metrics` that the component imports or exports.
    pub metrics_version: Option<String>,
    /// One suite for each role. A middleware with a `main` is also a guest.
    pub suites: Vec<Suite>,
    /// Warnings, for example about precompiled code that was not used.
    pub warnings: Vec<String>,
}

/// The JSON format of the report.
#[derive(Serialize)]
struct JsonReport<'a> {
    schema: &'static str,
    component: &'a str,
    metrics_version: Option<&'a str>,
    conforms: bool,
    suites: &'a [Suite],
}

impl Report {
    /// Whether no check failed. Skipped checks do not count.
    #[must_use]
    pub fn conforms(&self) -> bool {
        self.suites.iter().all(|suite| suite.failed() == 0)
    }

    /// Panics with the report as the message, unless the component conforms.
    ///
    /// # Panics
    ///
    /// If the component does not conform.
    #[track_caller]
    pub fn assert(&self) {
        assert!(self.conforms(), "{}", self.to_text());
    }

    /// The report as readable text: a line for each check, followed by the fault of a
    /// failed check.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.to_string()
    }

    /// The last line of [`to_text`](Self::to_text): the verdict, and the numbers of failed,
    /// passed and skipped checks.
    #[must_use]
    pub fn summary(&self) -> String {
        text::summary(&self.component, &self.suites)
    }

    /// The report as JSON, with `"schema": "solti-metrics/conformance@1"`.
    /// `docs/reference/conformance.md` describes the fields.
    ///
    /// # Errors
    ///
    /// If the JSON cannot be written. This does not happen for a report.
    pub fn to_json(&self) -> serde_json::Result<String> {
        let document = JsonReport {
            schema: "solti-metrics/conformance@1",
            component: &self.component,
            metrics_version: self.metrics_version.as_deref(),
            conforms: self.conforms(),
            suites: &self.suites,
        };
        Ok(serde_json::to_string_pretty(&document)? + "\n")
    }

    /// The report as JUnit XML, which CI systems show as test results.
    #[must_use]
    pub fn to_junit(&self) -> String {
        let junit = junit::Junit {
            component: &self.component,
            suites: &self.suites,
        };
        junit.to_string()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for warning in &self.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        for suite in &self.suites {
            text::head(f, &self.component, self.metrics_version.as_deref(), suite)?;
            for check in &suite.checks {
                text::check(f, check)?;
            }
        }
        f.write_str(&self.summary())
    }
}
