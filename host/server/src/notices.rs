//! Receivers of warnings and of the lines that components print.

use std::sync::Arc;

use solti_metrics_host::artifact::Refusal;
use solti_metrics_host::text::printable;
use solti_metrics_host::wasi::Output;

use crate::lines::Lines;

/// Where warnings go, and the lines that components print whose output is granted.
///
/// No function may block: a component or a reload waits for it.
pub trait Notices: Send + Sync + 'static {
    /// Something does not work as well as it could.
    fn warn(&self, warning: &str);

    /// A component printed a line to its `stream`: `stdout` or `stderr`.
    fn printed(&self, component: &str, stream: &'static str, line: &str);

    /// The precompiled code of a component was refused, and the component compiled instead.
    /// Without an implementation of its own, that is a warning.
    fn refused(&self, component: &str, refusal: Refusal) {
        let component = printable(component);
        self.warn(&format!(
            "{component}: {refusal}; it was compiled from its component"
        ));
    }
}

/// [`Notices`] as events of `tracing`, which whoever subscribes gets.
#[derive(Debug, Clone, Copy, Default)]
pub struct TracedNotices;

impl Notices for TracedNotices {
    fn warn(&self, warning: &str) {
        tracing::warn!("{warning}");
    }

    fn printed(&self, component: &str, stream: &'static str, line: &str) {
        tracing::info!(target: "component", component, stream, line, "printed");
    }
}

impl dyn Notices {
    /// What a component may print to, standard output and standard error: each line is
    /// handed to [`Notices::printed`], without control characters and its end. A line that
    /// is longer than 8 KiB is several.
    pub fn outputs(self: &Arc<Self>, component: &str) -> [Output; 2] {
        ["stdout", "stderr"].map(|stream| {
            let (name, notices) = (printable(component), Arc::clone(self));
            Lines::new(move |line| notices.printed(&name, stream, line)).output()
        })
    }
}
