//! One folder, and many who use it.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};
use solti_metrics_host::artifact::{ArtifactCache, Artifacts, CompilerProcess, Origin};
use solti_metrics_host::provider::{Grants, Providers};
use solti_metrics_host::runner::Path;
use solti_metrics_tests::artifact::{WASI, artifact, program};
use solti_metrics_tests::guest::component;

use crate::artifacts::kept::{Host, Kept, files, guest};
use crate::artifacts::place::Place;
use solti_metrics_tests::child::Running;

#[test]
fn what_was_compiled_once_is_not_compiled_again() -> Result<()> {
    let kept = Kept::new()?;
    kept.host.loads(7, Origin::Compiled)?;
    kept.host.loads(7, Origin::Cached)?;
    let (cache, host) = kept.again()?;
    host.loads(7, Origin::Cached)?;
    ensure!(cache.counters().hits == 1);
    kept.counted(|counters| {
        counters.hits = 1;
        counters.misses = 1;
        counters.stored = 1;
    })
}

/// From its file, a component is not even read into memory for it.
#[test]
fn a_file_and_its_bytes_have_the_same_code() -> Result<()> {
    let kept = Kept::new()?;
    let path = kept.dir().join("guest.wasm");
    fs::write(&path, guest(7)?)?;
    let load = || kept.host.runner.load_file(&path);
    ensure!(load()?.origin() == Origin::Compiled);
    kept.host.loads(7, Origin::Cached)?;
    let loaded = load()?;
    ensure!(loaded.origin() == Origin::Cached && *loaded.recording() == ProgramRecording::Inline);
    kept.host.is_right(&loaded, 7)?;
    kept.counted(|counters| {
        counters.hits = 2;
        counters.misses = 1;
        counters.stored = 1;
    })?;

    let mut changed = fs::read(kept.file()?)?;
    let last = changed.len() - 1;
    changed[last] ^= 1;
    fs::write(kept.file()?, changed)?;
    let loaded = load()?;
    ensure!(loaded.origin() == Origin::Compiled);
    kept.host.is_right(&loaded, 7)?;
    kept.counted(|counters| {
        counters.hits = 2;
        counters.misses = 2;
        counters.rejected = 1;
        counters.stored = 2;
    })
}

/// It has nothing to do with metrics, so it is not composed, and has one name only.
#[test]
fn a_program_without_metrics_is_kept_as_well() -> Result<()> {
    let kept = Kept::new()?;
    let path = kept.dir().join("guest.wasm");
    let main = r#"(module
        (func (export "wasi:cli/run@0.2.12#run") (result i32) i32.const 0))"#;
    fs::write(&path, component(main)?)?;
    for origin in [Origin::Compiled, Origin::Cached] {
        let loaded = kept.host.runner.load_file(&path)?;
        ensure!(loaded.origin() == origin && *loaded.recording() == ProgramRecording::Nothing);
    }
    kept.counted(|counters| {
        counters.hits = 1;
        counters.misses = 1;
        counters.stored = 1;
    })
}

/// Whatever the reason, it is told each time.
#[test]
fn a_guest_that_cannot_be_composed_is_kept_as_well() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let cache = ArtifactCache::open(folder.path().join("cache"))?;
    let script = r#"case "$1" in
        *kind=with-shim*) printf "it is odd" >&2; exit 64 ;;
        *) exec "$0" compile-worker "$1" ;;
    esac"#;
    let compiler = CompilerProcess::new("sh").arg("-c").arg(script);
    let artifacts = Artifacts::new()
        .cache(cache.clone())
        .compiler(compiler.arg(program()?));
    let host = Host::new(artifacts)?;
    let path = folder.path().join("guest.wasm");
    fs::write(&path, guest(7)?)?;
    for origin in [Origin::Compiled, Origin::Cached] {
        let loaded = host.runner.load_file(&path)?;
        ensure!(loaded.origin() == origin, "{loaded:?}");
        let reason = Some("cannot be composed with the shim: it is odd".to_owned());
        ensure!(
            *loaded.recording() == ProgramRecording::Direct { reason },
            "{loaded:?}"
        );
        host.is_right(&loaded, 7)?;
    }
    ensure!(files(cache.dir())?.len() == 1);
    Ok(())
}

#[test]
fn it_makes_no_difference_in_which_process_code_was_made() -> Result<()> {
    let kept = Kept::new()?;
    let compiler = CompilerProcess::new(program()?).arg("compile-worker");
    let artifacts = Artifacts::new()
        .cache(kept.cache.clone())
        .compiler(compiler);
    let elsewhere = Host::new(artifacts)?;
    elsewhere.loads(7, Origin::Compiled)?;
    let made_elsewhere = fs::read(kept.file()?)?;
    kept.host.loads(7, Origin::Cached)?;

    fs::remove_file(kept.file()?)?;
    kept.host.loads(7, Origin::Compiled)?;
    elsewhere.loads(7, Origin::Cached)?;
    ensure!(made_elsewhere == fs::read(kept.file()?)?);
    Ok(())
}

#[test]
fn a_use_is_noted_in_the_file() -> Result<()> {
    let kept = Kept::new()?;
    kept.host.loads(7, Origin::Compiled)?;
    let file = File::options().write(true).open(kept.file()?)?;
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    file.set_modified(long_ago)?;
    kept.host.loads(7, Origin::Cached)?;
    ensure!(file.metadata()?.modified()? > long_ago);
    Ok(())
}

#[test]
fn threads_that_want_the_same_at_once_compile_it_once() -> Result<()> {
    const THREADS: u64 = 8;
    let kept = Kept::new()?;
    let guest = guest(7)?;
    std::thread::scope(|scope| {
        let load = || kept.host.runner.load("guest", &guest);
        let loading: Vec<_> = (0..THREADS).map(|_| scope.spawn(load)).collect();
        for loading in loading {
            let loaded = loading.join().ok().context("it panicked")?;
            kept.host.is_right(&loaded?, 7)?;
        }
        anyhow::Ok(())
    })?;
    kept.counted(|counters| {
        counters.hits = THREADS - 1;
        counters.misses = 1;
        counters.stored = 1;
    })
}

#[test]
fn processes_that_begin_at_once_agree_on_a_key_and_disturb_nobody() -> Result<()> {
    let place = Place::with(&guest(7)?)?;
    let running: Vec<_> = (0..6)
        .map(|_| Running::start(&mut place.command(&["run", "guest.wasm"])?))
        .collect::<Result<_>>()?;
    for running in running {
        let end = running.end()?;
        ensure!(
            end.code == Some(0) && !end.stderr.contains("warning"),
            "{end}"
        );
    }
    let mut names: Vec<_> = fs::read_dir(place.cache())?
        .map(|entry| Ok(entry?.file_name().into_string().unwrap_or_default()))
        .collect::<Result<_>>()?;
    names.sort();
    let code = &files(&place.cache())?;
    ensure!(code.len() == 1 && names.len() == 2, "{names:?}");
    ensure!(names[1] == "key", "{names:?}");

    // Whoever comes now compiles nothing: there would be no memory for it.
    place.succeeds(&["run", "--compile-memory", "1MiB", "guest.wasm"])?;
    Ok(())
}

#[test]
fn a_runner_and_its_backends_share_one_folder() -> Result<()> {
    let kept = Kept::new()?;
    let providers = Providers::builder()
        .artifacts(Artifacts::new().cache(kept.cache.clone()))
        .build()?;
    let provider = artifact("lines", WASI);
    let load = || providers.load_file(&provider, &Grants::new());
    ensure!(load()?.origin() == Origin::Compiled);
    ensure!(load()?.origin() == Origin::Cached);
    kept.host.loads(7, Origin::Compiled)?;
    kept.counted(|counters| {
        counters.hits = 1;
        counters.misses = 2;
        counters.stored = 2;
    })?;
    ensure!(files(&kept.dir())?.len() == 2);
    Ok(())
}
