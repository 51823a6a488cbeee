//! Destinations of warnings and of lines that components print.

use std::sync::Arc;

use solti_metrics_host::artifact::Refusal;
use solti_metrics_host::text::printable;
use solti_metrics_host::wasi::Output;

use crate::line_splitter::LineSplitter;

/// Destination of warnings, and of the output of components that have the grant `output`.
///
/// Functions must not block: a component or a reload waits for them.
pub trait Notices: Send + Sync + 'static {
    /// A warning about something that works worse than it could.
    fn warn(&self, warning: &str);

    /// A component printed a line to its `stream`: `stdout` or `stderr`.
    fn printed(&self, component: &str, stream: &'static str, line: &str);

    /// The precompiled code of a component was rejected, and the component was compiled
    /// instead. The default implementation is a warning.
    fn refused(&self, component: &str, refusal: Refusal) {
        let component = printable(component);
        self.warn(&format!(
            "{component}: precompiled code rejected: {refusal}; the component was compiled instead"
        ));
    }
}

/// [`Notices`] as events of `tracing`.
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
    /// Standard output and standard error of a component. Each line is passed to
    /// [`Notices::printed`], without its end and with control characters escaped. A line
    /// longer than 8 KiB is split.
    pub fn outputs(self: &Arc<Self>, component: &str) -> [Output; 2] {
        ["stdout", "stderr"].map(|stream| {
            let (name, notices) = (printable(component), Arc::clone(self));
            LineSplitter::new(move |line| notices.printed(&name, stream, line)).output()
        })
    }
}
