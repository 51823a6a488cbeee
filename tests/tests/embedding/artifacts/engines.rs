//! Code for the engine with component-model async.

use std::fs;

use anyhow::{Result, ensure};
use solti_metrics::noop_metrics;
use solti_metrics_host::artifact::{ArtifactKey, Artifacts, Origin, Refusal};
use solti_metrics_host::runner::{ProgramRecording, Runner};
use solti_metrics_tests::guest::asynchronous;

use crate::artifacts::cached_runner::{CachedRunner, Host, guest};
use crate::artifacts::compiler::real;

#[test]
fn code_for_both_engines_is_cached_and_found() -> Result<()> {
    let cached = CachedRunner::new()?;
    let tuned = guest(7)?;
    let asynchronous = asynchronous(&tuned);
    let folder = tempfile::tempdir()?;
    for origin in [Origin::Compiled, Origin::Cached] {
        let (_, host) = cached.again()?;
        for (name, bytes) in [("tuned", &tuned), ("asynchronous", &asynchronous)] {
            let path = folder.path().join(name);
            fs::write(&path, bytes)?;
            let program = host.runner.load_file(&path)?;
            ensure!(program.origin() == origin, "{name}: {program:?}");
            ensure!(
                *program.recording() == ProgramRecording::Inline,
                "{name}: {program:?}"
            );
            let inspection = program.inspection();
            ensure!(inspection.needs_async.is_some() == (name == "asynchronous"));
            host.is_right(&program, 7)?;
        }
    }
    Ok(())
}

#[test]
fn the_compiling_process_makes_code_for_both_engines() -> Result<()> {
    let host = Host::new(Artifacts::new().compiler(real()?))?;
    for bytes in [guest(7)?, asynchronous(&guest(7)?)] {
        let program = host.runner.load("guest", &bytes)?;
        ensure!(
            *program.recording() == ProgramRecording::Inline,
            "{program:?}"
        );
        host.is_right(&program, 7)?;
    }
    Ok(())
}

#[test]
fn a_precompiled_file_is_for_the_engine_that_its_component_needs() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let key = |name| ArtifactKey::read_or_create(&folder.path().join(name));
    let bytes = asynchronous(&guest(7)?);
    let file =
        Runner::builder(noop_metrics())
            .build()?
            .precompile("guest", &bytes, &key("ours")?)?;
    let host = Host::new(Artifacts::new().key(key("ours")?))?;
    let program = host.runner.load("guest", &file.0.bytes)?;
    ensure!(program.origin() == Origin::Precompiled, "{program:?}");
    ensure!(program.inspection().needs_async.is_some());
    host.is_right(&program, 7)?;

    let other = Runner::builder(noop_metrics())
        .artifacts(Artifacts::new().key(key("theirs")?))
        .build()?
        .load("guest", &file.0.bytes)?;
    ensure!(other.refusal() == Some(Refusal::NotAuthentic), "{other:?}");
    Ok(())
}
