//! Steps of a test, reported as they happen.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::check::Check;
use crate::report::text;
use crate::suite::Suite;

/// A step of a test, told as soon as it is done: some take seconds. The text of each
/// ([`Display`](fmt::Display)) is that of [`Report::to_text`](crate::Report::to_text).
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// The checks of a role follow.
    #[non_exhaustive]
    Suite {
        /// The component's name, fit to be printed.
        component: &'a str,
        /// The version of `solti:metrics` that the component has.
        metrics_version: Option<&'a str>,
        /// The suite, without a check.
        suite: &'a Suite,
    },
    /// A check is done.
    Check(&'a Check),
    /// Something to know that is not a verdict.
    Warning(&'a str),
}

/// Hears the steps. An error ends the test.
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
