//! A guest that cannot be composed runs in the recording mode `direct`, and the reason is
//! reported.

use anyhow::{Result, ensure};
use solti_metrics_host::runner::{ProgramRecording, RecordingMode, Task, TaskEnd};
use solti_metrics_tests::runs::{block_on, remembering};

/// A guest that imports a type of `backend` that does not exist, and does not use it.
/// wasmtime links it. A composition would not be a valid component.
pub(super) const AWKWARD: &str = r#"(component
    (type $runner (enum "subprocess" "container" "wasm"))
    (import "solti:metrics/types@0.1.0" (instance $types
      (export "runner-type" (type (eq $runner)))))
    (alias export $types "runner-type" (type $runner-type))
    (import "solti:metrics/backend@0.1.0" (instance $backend
      (alias outer 1 $runner-type (type $r))
      (export "runner-type" (type $runner' (eq $r)))
      (type $more (enum "more"))
      (export "more" (type (eq $more)))
      (export "record-task-started" (func (param "runner" $runner')))))
    (core func $started (canon lower (func $backend "record-task-started")))
    (core module $m
      (import "" "started" (func $started (param i32)))
      (func (export "run") (result i32)
        (call $started (i32.const 0))
        (i32.const 0)))
    (core instance $i (instantiate $m (with "" (instance
      (export "started" (func $started))))))
    (func $run (result (result)) (canon lift (core func $i "run")))
    (instance $main (export "run" (func $run)))
    (export "wasi:cli/run@0.2.0" (instance $main)))"#;

#[test]
fn a_guest_that_cannot_be_composed_runs_in_mode_direct_with_a_reason() -> Result<()> {
    let (runner, memory) = remembering(RecordingMode::Inline)?;
    let program = runner.load("awkward", &wat::parse_str(AWKWARD)?)?;
    let reason = program.recording().reason().unwrap_or_default();
    ensure!(
        matches!(program.recording(), ProgramRecording::Direct { .. }),
        "{program:?}"
    );
    ensure!(
        reason.contains("cannot be composed with the shim: "),
        "{reason}"
    );
    let report = block_on(async { Ok(runner.run(&program, Task::new()).await?) })?;
    ensure!(report.end == TaskEnd::Exited { code: 0 }, "{}", report.end);
    ensure!(memory.events().len() == 3, "{:?}", memory.events());
    ensure!(report.ledger.delivered() == 1);
    Ok(())
}
