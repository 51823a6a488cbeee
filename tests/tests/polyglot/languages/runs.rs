//! Runs a reporter in one recording mode, with each input.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use solti_metrics::MemoryMetrics;
use solti_metrics_host::runner::{Path as Taken, RecordPath, Runner};
use solti_metrics_tests::cached_code;

use crate::languages::inputs::inputs;
use crate::languages::seen::{look, task};

pub(crate) fn label(path: RecordPath) -> &'static str {
    match path {
        RecordPath::Inline => "inline",
        _ => "direct",
    }
}

/// Runs the component with each input, within the default limits of a task. The expected
/// results are equal for both recording modes and all languages.
pub(crate) fn check(component: &Path, path: RecordPath, needs_async: bool) -> Result<()> {
    let memory = Arc::new(MemoryMetrics::new());
    let runner = Runner::builder(memory.clone()).path(path);
    let runner = runner.artifacts(cached_code::artifacts()?).build()?;
    let program = cached_code::program(&runner, component)?;
    let asked = match path {
        RecordPath::Inline => Taken::Inline,
        _ => Taken::Direct { reason: None },
    };
    ensure!(*program.path() == asked, "{program:?}");
    let needs = &program.inspection().needs_async;
    ensure!(needs.is_some() == needs_async, "async: {needs:?}");

    let tokio = tokio::runtime::Runtime::new()?;
    for input in inputs() {
        memory.clear();
        let report = tokio.block_on(runner.run(&program, task(&input)))?;
        look(&input, memory.events(), &report).with_context(|| {
            let text = &input.text[..input.text.len().min(200)];
            format!("given {:?} and {}", input.args, text.escape_ascii())
        })?;
    }
    Ok(())
}
