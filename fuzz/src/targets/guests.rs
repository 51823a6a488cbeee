//! Random guests with the imports of the metrics and of WASI: both recording modes have equal
//! results.

use std::sync::LazyLock;

use anyhow::{Result, anyhow, ensure};
use solti_metrics_host::component::Inspection;
use solti_metrics_tests::guest::of_module;
use solti_metrics_tests::runs::{End, Seen};

use crate::modules::module;
use crate::oracle::is_one_line;
use crate::recorders::{Recorder, recorders};
use crate::reach::reached;
use crate::target::{Limits, Target};

pub(super) const TARGET: Target = Target {
    name: "guests",
    run,
    seeds: &["fuzz/seeds/records", "fuzz/seeds/queue"],
    words: &[],
    longest: 4 << 10,
    limits: Limits::WASM,
};

/// Imports without results that differ between two runs.
const IMPORTS: &str = r#"(module
    (import "solti:metrics/backend@0.1.0" "record-task-started" (func (param i32)))
    (import "solti:metrics/backend@0.1.0" "record-task-completed" (func (param i32 i32 i64)))
    (import "solti:metrics/backend@0.1.0" "record-runner-error" (func (param i32 i32)))
    (import "wasi:cli/exit@0.2.12" "exit" (func (param i32)))
    (import "wasi:cli/stdout@0.2.12" "get-stdout" (func (result i32)))
    (import "wasi:io/streams@0.2.12" "[method]output-stream.blocking-write-and-flush"
        (func (param i32 i32 i32 i32)))
    (import "wasi:io/streams@0.2.12" "[resource-drop]output-stream" (func (param i32))))"#;

const EXPORTS: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "wasi:cli/run@0.2.12#run") (result i32) i32.const 0))"#;

static MODULES: LazyLock<Result<[Vec<u8>; 2]>> =
    LazyLock::new(|| Ok([wat::parse_str(IMPORTS)?, wat::parse_str(EXPORTS)?]));

fn run(input: &[u8]) -> Result<()> {
    let [imports, exports] = MODULES.as_ref().map_err(|error| anyhow!("{error:#}"))?;
    let Some(module) = module(imports, exports, input)? else {
        return Ok(());
    };
    // A module that a component cannot have, for example with a memory that is imported.
    let Ok(guest) = of_module(module, |it| it == "wasi:cli/run@0.2.12") else {
        return Ok(());
    };
    let inspection = Inspection::of("guest", &guest)?;
    ensure!(inspection.is_program(), "not a program: {inspection:?}");
    let [inline, direct] = recorders()?;
    let (inline, direct) = (result(inline, &guest)?, result(direct, &guest)?);
    // Inlined code needs less stack, and goes further.
    let ends = [&inline, &direct];
    if !ends.iter().any(|it| it.as_ref().is_ok_and(|(seen, _)| is_of_resources(seen))) {
        reached();
        ensure!(inline == direct, "inline {inline:?}, and direct {direct:?}");
    }
    Ok(())
}

/// The result of a run, or the beginning of the error. The rest of the error has names of functions.
fn result(recorder: &Recorder, guest: &[u8]) -> Result<Result<(Seen, Vec<u8>), String>> {
    let error = match recorder.load(guest) {
        Ok(program) => match recorder.run(&program)? {
            Ok(seen) => return Ok(Ok(seen)),
            Err(error) => error.to_string(),
        },
        Err(error) => error.to_string(),
    };
    is_one_line(&error)?;
    Ok(Err(error.split(": ").take(2).collect()))
}

/// Whether the end depends on the compiled code.
fn is_of_resources(seen: &Seen) -> bool {
    matches!(&seen.end, End::Other(text) if text.contains("stack") || text.contains("deadline"))
}
