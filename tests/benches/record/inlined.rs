//! What a record costs on the inlined path: the guest's side alone, and with what
//! follows.

use solti_metrics::MetricsHandle;
use solti_metrics_host::MetricsCtx;
use solti_metrics_host::measure::{Composed, Target};
use solti_metrics_tests::guest::component;

use super::guest;

/// Without anybody who takes the records.
pub(super) fn alone(interruptible: bool) -> Box<dyn FnMut()> {
    row(interruptible, Target::Nowhere)
}

/// With a backend.
pub(super) fn drained(interruptible: bool, backend: MetricsHandle) -> Box<dyn FnMut()> {
    let ctx = MetricsCtx::builder().handle(backend).build();
    row(interruptible, Target::Ctx(Box::new(ctx)))
}

fn row(interruptible: bool, target: Target) -> Box<dyn FnMut()> {
    let bytes = component(&guest("solti:metrics/backend@0.1.0")).unwrap();
    let composed = Composed::new(&bytes, interruptible).unwrap();
    let mut instance = composed.instance(target).unwrap();
    Box::new(move || instance.call().unwrap())
}
