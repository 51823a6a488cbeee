//! The report of a test.

mod junit;
pub(crate) mod text;

use std::fmt;

use serde::Serialize;

use crate::suite::Suite;

/// What a test has found out about a component, in each of its roles.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Report {
    /// The component's name, fit to be printed.
    pub component: String,
    /// The version of `solti:metrics` that the component imports or exports.
    pub metrics_version: Option<String>,
    /// One suite for each role: a middleware with a `main` is a guest as well.
    pub suites: Vec<Suite>,
    /// What there is to know besides, such as precompiled code that was of no use.
    pub warnings: Vec<String>,
}

/// The form in which programs read it.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    component: &'a str,
    metrics_version: Option<&'a str>,
    conforms: bool,
    suites: &'a [Suite],
}

impl Report {
    /// Whether no check failed. Checks that were skipped do not count.
    #[must_use]
    pub fn conforms(&self) -> bool {
        self.suites.iter().all(|suite| suite.failed() == 0)
    }

    /// Fails a test with the report as its message, unless the component conforms.
    ///
    /// # Panics
    ///
    /// When the component does not conform.
    #[track_caller]
    pub fn assert(&self) {
        assert!(self.conforms(), "{}", self.to_text());
    }

    /// The report for people: a line for each check, and beneath it what is wrong.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.to_string()
    }

    /// The last line of [`to_text`](Self::to_text): the verdict, and how many checks
    /// failed, passed and were skipped.
    #[must_use]
    pub fn summary(&self) -> String {
        text::summary(&self.component, &self.suites)
    }

    /// The report for programs, with `"schema": "solti-metrics/conformance@1"`:
    /// `docs/reference/conformance.md` describes it.
    ///
    /// # Errors
    ///
    /// Those of the writer of JSON, for which a report has no reason.
    pub fn to_json(&self) -> serde_json::Result<String> {
        let document = Document {
            schema: "solti-metrics/conformance@1",
            component: &self.component,
            metrics_version: self.metrics_version.as_deref(),
            conforms: self.conforms(),
            suites: &self.suites,
        };
        Ok(serde_json::to_string_pretty(&document)? + "\n")
    }

    /// The report as the XML of JUnit, which CI systems show as results of tests.
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
