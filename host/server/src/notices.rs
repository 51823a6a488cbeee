use std::sync::Arc;

use solti_metrics_host::artifact::Refusal;
use solti_metrics_host::text::printable;
use solti_metrics_host::wasi::Output;

use crate::lines::Lines;

/// Where warnings go, and the lines that components print whose output is granted.
///
/// Neither function may block: a component or a reload waits for it.
pub trait Notices: Send + Sync + 'static {
    /// Something does not work as well as it could.
    fn warn(&self, warning: &str);

    /// A component printed a line to its `stream`: `stdout` or `stderr`.
    fn printed(&self, component: &str, stream: &'static str, line: &str);
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

/// Says that precompiled code was of no use.
pub fn tell_refusal(notices: &dyn Notices, name: &str, refusal: Option<Refusal>) {
    if let Some(reason) = refusal {
        let name = printable(name);
        notices.warn(&format!(
            "{name}: {reason}; it was compiled from its component"
        ));
    }
}

/// Where a component prints to, so that each line is told. Clones of what it returns are
/// the same streams.
pub fn printing(notices: &Arc<dyn Notices>, name: &str) -> [Output; 2] {
    ["stdout", "stderr"].map(|stream| {
        let (name, notices) = (printable(name), Arc::clone(notices));
        Lines::new(move |line| notices.printed(&name, stream, line)).output()
    })
}
