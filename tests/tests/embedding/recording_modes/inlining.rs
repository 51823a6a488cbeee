//! A guest at the limit of inlining behaves the same on both sides of it, compiled, cached
//! and precompiled.

use anyhow::{Context, Result, ensure};
use solti_metrics::{Event, MemoryMetrics, RunnerType};
use solti_metrics_host::artifact::{ArtifactCache, Artifacts, Origin};
use solti_metrics_host::component::Inspection;
use solti_metrics_host::runner::{ProgramRecording, Runner, Task};
use solti_metrics_tests::guest::{asynchronous, recording, with_bodies, with_functions};
use solti_metrics_tests::runs::{End, remembering_within, seen_by};
use wasm_encoder::{Function, Instruction};

const EVENTS: [Event; 2] = [
    Event::TaskStarted {
        runner: RunnerType::Container,
    },
    Event::RunnerError {
        runner: RunnerType::Subprocess,
        error: solti_metrics::RunnerErrorKind::SpawnFailed,
    },
];

#[test]
fn a_guest_behaves_the_same_on_both_sides_of_the_limit_on_functions() -> Result<()> {
    let guest = recording(&EVENTS)?;
    let own = Inspection::of("guest", &guest)?.functions;
    let most = Inspection::INLINED_FUNCTIONS - own;
    behaves(&with_functions(&guest, most), true)?;
    behaves(&with_functions(&guest, most + 1), false)
}

#[test]
fn a_guest_behaves_the_same_on_both_sides_of_the_limit_on_code() -> Result<()> {
    let guest = recording(&EVENTS)?;
    let body = |nops| {
        let mut body = Function::new([]);
        for _ in 0..nops {
            body.instruction(&Instruction::Nop);
        }
        body
    };
    // A function that is too large to be inlined: further instructions add only their own bytes.
    let few = 10_000;
    let inspection = Inspection::of("guest", &with_bodies(&guest, 1, &body(few)))?;
    let rest = Inspection::INLINED_CODE_SIZE - inspection.code_size - inspection.added_by_inlining;
    let nops = few + usize::try_from(rest)?;
    behaves(&with_bodies(&guest, 1, &body(nops)), true)?;
    behaves(&with_bodies(&guest, 1, &body(nops + 1)), false)
}

fn behaves(guest: &[u8], inlined: bool) -> Result<()> {
    for guest in [guest.to_vec(), asynchronous(guest)] {
        let inspection = Inspection::of("guest", &guest)?;
        ensure!(inspection.is_inlined() == inlined, "{inspection:?}");
        let folder = tempfile::tempdir()?;
        let cache = ArtifactCache::open(folder.path().join("cache"))?;
        let artifacts = Artifacts::new().cache(cache.clone());
        let (runner, memory) =
            remembering_within(Default::default(), |runner| runner.artifacts(artifacts))?;
        runs(&runner, &memory, &guest, Origin::Compiled)?;
        runs(&runner, &memory, &guest, Origin::Cached)?;
        let (file, recording) = runner.precompile("guest", &guest, cache.key())?;
        ensure!(recording == ProgramRecording::Inline, "{recording:?}");
        runs(&runner, &memory, &file.bytes, Origin::Precompiled)?;
    }
    Ok(())
}

fn runs(runner: &Runner, memory: &MemoryMetrics, guest: &[u8], origin: Origin) -> Result<()> {
    memory.clear();
    let program = runner.load("guest", guest)?;
    ensure!(program.origin() == origin, "{program:?}, not {origin:?}");
    ensure!(
        *program.recording() == ProgramRecording::Inline,
        "{program:?}"
    );
    let seen = seen_by(runner, memory, &program, Task::new()).context(format!("{origin:?}"))?;
    ensure!(seen.events == EVENTS, "{:?}", seen.events);
    ensure!(seen.end == End::Exited(0), "{:?}", seen.end);
    Ok(())
}
