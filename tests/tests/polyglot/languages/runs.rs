//! Runs a reporter in one recording mode, with each input.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use solti_metrics::MemoryMetrics;
use solti_metrics_host::runner::{ProgramRecording, RecordingMode, Runner};
use solti_metrics_tests::kept;

use crate::languages::inputs::inputs;
use crate::languages::seen::{look, task};

pub(crate) fn label(path: RecordingMode) -> &'static str {
    match path {
        RecordingMode::Inline => "inline",
        _ => "direct",
    }
}

/// Runs the component with each input, within the limits that a task has by default. Both
/// paths are held against the same, and so are all languages.
pub(crate) fn check(component: &Path, path: RecordingMode, needs_async: bool) -> Result<()> {
    let memory = Arc::new(MemoryMetrics::new());
    let runner = Runner::builder(memory.clone()).recording_mode(path);
    let runner = runner.artifacts(cached_code::artifacts()?).build()?;
    let program = cached_code::program(&runner, component)?;
    let asked = match path {
        RecordingMode::Inline => ProgramRecording::Inline,
        _ => ProgramRecording::Direct { reason: None },
    };
    ensure!(*program.recording() == asked, "{program:?}");
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
