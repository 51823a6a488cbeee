//! Precompiled files: components together with their code.

use std::fs;

use anyhow::{Context, Result, ensure};
use solti_metrics::noop_metrics;
use solti_metrics_host::artifact::{ArtifactKey, Artifacts, Origin, Refusal};
use solti_metrics_host::component::LoadError;
use solti_metrics_host::provider::{Grants, Providers};
use solti_metrics_host::runner::{ProgramRecording, RecordingMode, Runner};
use solti_metrics_tests::artifact::{WASI, artifact};

use crate::artifacts::cached_runner::{Host, guest};
use crate::artifacts::test_folder::TestFolder;

/// Options with which compilation always fails.
const NO_COMPILING: [&str; 2] = ["--compile-memory", "1MiB"];

/// A folder with a guest and its precompiled file, made with its own key.
fn precompiled() -> Result<TestFolder> {
    let place = TestFolder::with(&guest(7)?)?;
    place.succeeds(&[
        "precompile",
        "guest.wasm",
        "-o",
        "guest.pre",
        "--no-cache",
        "--artifact-key",
        "key",
    ])?;
    Ok(place)
}

fn run<'a>(more: &[&'a str], file: &'a str) -> Vec<&'a str> {
    [&["run", "--no-cache"], more, &[file]].concat()
}

#[test]
fn a_precompiled_file_runs_without_being_compiled() -> Result<()> {
    let place = precompiled()?;
    let with_key = [&NO_COMPILING[..], &["--artifact-key", "key"]].concat();
    let said = place.succeeds(&run(&with_key, "guest.pre"))?;
    ensure!(!said.contains("warning"), "{said}");
    let checked = place.succeeds(&["check", "--artifact-key", "key", "guest.pre"])?;
    ensure!(checked.is_empty(), "{checked}");
    // The file is not a component itself.
    let composed = place.run(&["compose", "guest.pre", "guest.wasm", "-o", "x"])?;
    let refused = "is not a WebAssembly component but a precompiled component";
    ensure!(composed.stderr.contains(refused), "{composed}");
    Ok(())
}

#[test]
fn precompile_reports_its_output() -> Result<()> {
    let place = TestFolder::with(&guest(7)?)?;
    let once = place.run(&["precompile", "guest.wasm", "-o", "guest.pre"])?;
    let line = &once.stdout;
    for part in [
        "guest.pre: guest.wasm, ",
        " KiB, recording mode inline; compiled in ",
    ] {
        ensure!(once.code == Some(0) && line.contains(part), "{once}");
    }
    let again = place.run(&[
        "precompile",
        "--recording-mode",
        "direct",
        "guest.wasm",
        "-o",
        "-",
    ])?;
    ensure!(again.code == Some(0), "{again}");
    ensure!(again.stderr.contains("recording mode direct"), "{again}");
    let cached = place.run(&["precompile", "guest.wasm", "-o", "guest.pre"])?;
    ensure!(
        cached.stdout.contains("read from the compilation cache"),
        "{cached}"
    );
    // The default key is that of the cache folder.
    let run = [&["run"], &NO_COMPILING[..], &["guest.pre"]].concat();
    ensure!(!place.succeeds(&run)?.contains("warning"));

    let keyless = place.run(&["precompile", "--no-cache", "guest.wasm", "-o", "x"])?;
    ensure!(keyless.code == Some(2), "{keyless}");
    ensure!(keyless.stderr.contains("--artifact-key"), "{keyless}");
    let text = place.path("text.wasm");
    fs::write(&text, "no component")?;
    let refused = place.run(&["precompile", "text.wasm", "-o", "x"])?;
    ensure!(refused.code == Some(1), "{refused}");
    ensure!(!place.path("x").exists());
    Ok(())
}

#[test]
fn precompile_never_replaces_the_component() -> Result<()> {
    let place = TestFolder::with(&guest(7)?)?;
    std::os::unix::fs::symlink("guest.wasm", place.path("link"))?;
    for output in ["guest.wasm", "./guest.wasm", "link"] {
        let refused = place.run(&["precompile", "guest.wasm", "-o", output])?;
        ensure!(refused.code == Some(2), "{refused}");
        let why = "the output is the component itself";
        ensure!(refused.stderr.contains(why), "{refused}");
    }
    ensure!(fs::read(place.path("guest.wasm"))? == guest(7)?);
    Ok(())
}

#[test]
fn without_the_key_the_component_is_compiled_with_a_warning() -> Result<()> {
    let place = precompiled()?;
    let said = place.succeeds(&run(&[], "guest.pre"))?;
    let warning = "warning: guest.pre: precompiled code rejected: the code cannot be authenticated without a key; the component was compiled instead";
    ensure!(said.lines().any(|line| line == warning), "{said}");

    place.succeeds(&[
        "precompile",
        "guest.wasm",
        "-o",
        "x",
        "--artifact-key",
        "other",
    ])?;
    let said = place.succeeds(&run(&["--artifact-key", "other"], "guest.pre"))?;
    ensure!(said.contains("the code is not authentic"), "{said}");

    let missing = place.run(&run(&["--artifact-key", "missing"], "guest.pre"))?;
    ensure!(missing.code == Some(1), "{missing}");
    ensure!(
        missing.stderr.contains("cannot read the key in missing"),
        "{missing}"
    );
    Ok(())
}

/// Each file is compiled from its intact component, and no flipped bit is executed.
#[test]
fn a_modified_file_is_compiled_from_its_component() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let key = ArtifactKey::read_or_create(&folder.path().join("key"))?;
    let host = Host::new(Artifacts::new().key(key.clone()))?;
    let component = guest(7)?;
    let (file, path) = host.runner.precompile("guest", &component, &key)?;
    ensure!(path == ProgramRecording::Inline && file.origin == Origin::Compiled);
    let whole = file.bytes;
    let loaded = host.runner.load("guest", &whole)?;
    ensure!(loaded.origin() == Origin::Precompiled && loaded.refusal().is_none());
    host.is_right(&loaded, 7)?;

    // The magic, which identifies a precompiled file, stays intact.
    let code = whole.len() - component.len();
    let evenly = (0..60).map(|number| 168 + number * (code - 169) / 59);
    for (number, place) in (8..168).chain(evenly).enumerate() {
        let mut changed = whole.clone();
        changed[place] ^= 1 << (number % 8);
        let on_disk = folder.path().join("guest.pre");
        fs::write(&on_disk, &changed)?;
        for loaded in [
            host.runner.load("guest", &changed),
            host.runner.load_file(&on_disk),
        ] {
            let loaded = loaded.with_context(|| format!("byte {place}"))?;
            ensure!(loaded.origin() == Origin::Compiled, "byte {place}");
            ensure!(loaded.refusal().is_some(), "byte {place}");
            host.is_right(&loaded, 7)?;
        }
    }
    Ok(())
}

#[test]
fn a_truncated_file_is_rejected_unless_its_component_is_complete() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let key = ArtifactKey::read_or_create(&folder.path().join("key"))?;
    let runner = Runner::builder(noop_metrics())
        .artifacts(Artifacts::new().key(key.clone()))
        .build()?;
    let component = guest(7)?;
    let (file, _) = runner.precompile("guest", &component, &key)?;
    let on_disk = folder.path().join("guest.pre");
    let length = file.bytes.len();
    for length in [
        0,
        7,
        8,
        20,
        167,
        168,
        169,
        length / 2,
        length - component.len(),
        length - 1,
    ] {
        let cut = &file.bytes[..length];
        fs::write(&on_disk, cut)?;
        for loaded in [runner.load("guest", cut), runner.load_file(&on_disk)] {
            let refused = matches!(
                loaded,
                Err(LoadError::Invalid { .. }
                    | LoadError::Empty { .. }
                    | LoadError::NotWasm { .. })
            );
            ensure!(refused, "{length}: {loaded:?}");
        }
    }
    // The command does not read appended bytes, and executes only sealed code.
    let longer = [&file.bytes[..], b"more"].concat();
    let loaded = runner.load("guest", &longer);
    ensure!(
        loaded
            .as_ref()
            .is_ok_and(|it| it.refusal() == Some(Refusal::Damaged))
            || loaded.is_err(),
        "{loaded:?}"
    );
    Ok(())
}

#[test]
fn a_file_for_another_use_is_compiled_for_this_one() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let key = ArtifactKey::read_or_create(&folder.path().join("key"))?;
    let artifacts = Artifacts::new().key(key.clone());
    let runner = |path| {
        let runner = Runner::builder(noop_metrics()).artifacts(artifacts.clone());
        runner.recording_mode(path).build()
    };
    let (inline, direct) = (
        runner(RecordingMode::Inline)?,
        runner(RecordingMode::Direct)?,
    );
    let component = guest(7)?;
    let (inlined, _) = inline.precompile("guest", &component, &key)?;
    let (called, path) = direct.precompile("guest", &component, &key)?;
    ensure!(path == ProgramRecording::Direct { reason: None });

    let loaded = direct.load("guest", &inlined.bytes)?;
    ensure!(loaded.refusal() == Some(Refusal::OtherUse), "{loaded:?}");
    ensure!(*loaded.recording() == ProgramRecording::Direct { reason: None });

    // The recording mode is fixed at precompilation.
    let loaded = inline.load("guest", &called.bytes)?;
    ensure!(loaded.origin() == Origin::Precompiled, "{loaded:?}");
    let ProgramRecording::Direct { reason } = loaded.recording() else {
        anyhow::bail!("{loaded:?}");
    };
    ensure!(reason.as_deref() == Some("was precompiled for the direct mode"));

    // A precompiled file can be precompiled for another use.
    let (again, _) = direct.precompile("guest", &inlined.bytes, &key)?;
    ensure!(again.bytes == called.bytes);
    Ok(())
}

#[test]
fn a_provider_is_precompiled_as_well() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let key = ArtifactKey::read_or_create(&folder.path().join("key"))?;
    let providers = Providers::builder()
        .artifacts(Artifacts::new().key(key.clone()))
        .build()?;
    let component = fs::read(artifact("lines", WASI))?;
    let file = providers.precompile("provider", &component, &key)?;
    let loaded = providers.load("provider", &file.bytes, &Grants::new())?;
    ensure!(loaded.origin() == Origin::Precompiled);
    let keyless = Providers::new()?.load("provider", &file.bytes, &Grants::new())?;
    ensure!(keyless.refusal() == Some(Refusal::NoKey));

    let place = TestFolder::with(&guest(7)?)?;
    fs::write(place.path("provider.wasm"), &component)?;
    let precompile = |from, to| {
        let key = ["--no-cache", "--artifact-key", "key"];
        place.succeeds(&[&["precompile", from, "-o", to], &key[..]].concat())
    };
    precompile("guest.wasm", "guest.pre")?;
    precompile("provider.wasm", "provider.pre")?;
    let options = [
        &NO_COMPILING[..],
        &["--artifact-key", "key", "--backend", "./provider.pre"],
    ];
    let said = place.succeeds(&run(&options.concat(), "guest.pre"))?;
    ensure!(!said.contains("warning"), "{said}");
    let said = place.succeeds(&run(&["--backend", "./provider.pre"], "guest.wasm"))?;
    ensure!(said.contains("warning: ./provider.pre: "), "{said}");
    Ok(())
}
