//! Progress of a test.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::check::Check;
use crate::report::text;
use crate::suite::Suite;

/// A step of a test, reported immediately, because some steps take seconds. The text of a
/// step ([`Display`](fmt::Display)) is its part of
/// [`Report::to_text`](crate::Report::to_text).
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// The checks of a role follow.
    #[non_exhaustive]
    Suite {
        /// Printable name of the component.
        component: &'a str,
        /// The version of `solti:metrics` that the component has.
        metrics_version: Option<&'a str>,
        /// The suite, which has no checks yet.
        suite: &'a Suite,
    },
    /// A check is complete.
    Check(&'a Check),
    /// A warning that is not part of a verdict.
    Warning(&'a str),
}

/// Function that is called with each step. An error ends the test.
pub(crate) type Listener = Arc<dyn Fn(Progress<'_>) -> io::Result<()> + Send + Sync>;

impl fmt::Display for Progress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Suite {
                component,
                metrics_version,
                suite,
            } => text::head(f, component, *metrics_version, suite),
            Self::Check(check) => text::check(f, check),
            Self::Warning(warning) => writeln!(f, "warning: {warning}"),
        }
    }
}
