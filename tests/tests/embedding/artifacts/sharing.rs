//! A cache folder with many users.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};
use solti_metrics_host::artifact::{ArtifactCache, Artifacts, CompilerProcess, Origin};
use solti_metrics_host::provider::{Grants, Providers};
use solti_metrics_host::runner::ProgramRecording;
use solti_metrics_tests::artifact::{WASI, artifact, program};
use solti_metrics_tests::guest::component;

use crate::artifacts::cached_runner::{CachedRunner, Host, files, guest};
use crate::artifacts::test_folder::TestFolder;
use solti_metrics_tests::child::Running;

#[test]
fn compiled_code_is_not_compiled_again() -> Result<()> {
    let cached = CachedRunner::new()?;
    cached.host.loads(7, Origin::Compiled)?;
    cached.host.loads(7, Origin::Cached)?;
    let (cache, host) = cached.again()?;
    host.loads(7, Origin::Cached)?;
    ensure!(cache.counters().hits == 1);
    cached.counted(|counters| {
        counters.hits = 1;
        counters.misses = 1;
        counters.stored = 1;
    })
}

/// From a file, a component with cached code is not even read into memory.
#[test]
fn a_file_and_its_bytes_have_the_same_code() -> Result<()> {
    let cached = CachedRunner::new()?;
    let path = cached.dir().join("guest.wasm");
    fs::write(&path, guest(7)?)?;
    let load = || cached.host.runner.load_file(&path);
    ensure!(load()?.origin() == Origin::Compiled);
    cached.host.loads(7, Origin::Cached)?;
    let loaded = load()?;
    ensure!(loaded.origin() == Origin::Cached && *loaded.recording() == ProgramRecording::Inline);
    cached.host.is_right(&loaded, 7)?;
    cached.counted(|counters| {
        counters.hits = 2;
        counters.misses = 1;
        counters.stored = 1;
    })?;

    let mut changed = fs::read(cached.file()?)?;
    let last = changed.len() - 1;
    changed[last] ^= 1;
    fs::write(cached.file()?, changed)?;
    let loaded = load()?;
    ensure!(loaded.origin() == Origin::Compiled);
    cached.host.is_right(&loaded, 7)?;
    cached.counted(|counters| {
        counters.hits = 2;
        counters.misses = 2;
        counters.rejected = 1;
        counters.stored = 2;
    })
}

/// The program does not record, so it is not composed, and has a single cache key.
#[test]
fn a_program_without_metrics_is_cached() -> Result<()> {
    let cached = CachedRunner::new()?;
    let path = cached.dir().join("guest.wasm");
    let main = r#"(module
        (func (export "wasi:cli/run@0.2.12#run") (result i32) i32.const 0))"#;
    fs::write(&path, component(main)?)?;
    for origin in [Origin::Compiled, Origin::Cached] {
        let loaded = cached.host.runner.load_file(&path)?;
        ensure!(loaded.origin() == origin && *loaded.recording() == ProgramRecording::Nothing);
    }
    cached.counted(|counters| {
        counters.hits = 1;
        counters.misses = 1;
        counters.stored = 1;
    })
}

/// The reason is reported each time.
#[test]
fn a_guest_that_cannot_be_composed_is_cached() -> Result<()> {
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
fn code_of_any_process_is_found() -> Result<()> {
    let cached = CachedRunner::new()?;
    let compiler = CompilerProcess::new(program()?).arg("compile-worker");
    let artifacts = Artifacts::new()
        .cache(cached.cache.clone())
        .compiler(compiler);
    let elsewhere = Host::new(artifacts)?;
    elsewhere.loads(7, Origin::Compiled)?;
    let made_elsewhere = fs::read(cached.file()?)?;
    cached.host.loads(7, Origin::Cached)?;

    fs::remove_file(cached.file()?)?;
    cached.host.loads(7, Origin::Compiled)?;
    elsewhere.loads(7, Origin::Cached)?;
    ensure!(made_elsewhere == fs::read(cached.file()?)?);
    Ok(())
}

#[test]
fn a_use_changes_the_time_of_the_file() -> Result<()> {
    let cached = CachedRunner::new()?;
    cached.host.loads(7, Origin::Compiled)?;
    let file = File::options().write(true).open(cached.file()?)?;
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    file.set_modified(long_ago)?;
    cached.host.loads(7, Origin::Cached)?;
    ensure!(file.metadata()?.modified()? > long_ago);
    Ok(())
}

#[test]
fn concurrent_loads_compile_the_same_component_once() -> Result<()> {
    const THREADS: u64 = 8;
    let cached = CachedRunner::new()?;
    let guest = guest(7)?;
    std::thread::scope(|scope| {
        let load = || cached.host.runner.load("guest", &guest);
        let loading: Vec<_> = (0..THREADS).map(|_| scope.spawn(load)).collect();
        for loading in loading {
            let loaded = loading.join().ok().context("a thread panicked")?;
            cached.host.is_right(&loaded?, 7)?;
        }
        anyhow::Ok(())
    })?;
    cached.counted(|counters| {
        counters.hits = THREADS - 1;
        counters.misses = 1;
        counters.stored = 1;
    })
}

#[test]
fn concurrent_processes_agree_on_a_key() -> Result<()> {
    let place = TestFolder::with(&guest(7)?)?;
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

    // The last command compiles nothing: its limit leaves no memory for that.
    place.succeeds(&["run", "--compile-memory", "1MiB", "guest.wasm"])?;
    Ok(())
}

#[test]
fn a_runner_and_its_backends_share_a_cache_folder() -> Result<()> {
    let kept = CachedRunner::new()?;
    let providers = Providers::builder()
        .artifacts(Artifacts::new().cache(kept.cache.clone()))
        .build()?;
    let provider = artifact("lines", WASI);
    let load = || providers.load_file(&provider, &Grants::new());
    ensure!(load()?.origin() == Origin::Compiled);
    ensure!(load()?.origin() == Origin::Cached);
    cached.host.loads(7, Origin::Compiled)?;
    cached.counted(|counters| {
        counters.hits = 1;
        counters.misses = 2;
        counters.stored = 2;
    })?;
    ensure!(files(&cached.dir())?.len() == 2);
    Ok(())
}
