//! One folder, and many who use it.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};
use solti_metrics_host::artifact::{Artifacts, CompilerProcess, Origin};
use solti_metrics_host::provider::{Grants, Providers};
use solti_metrics_tests::artifact::{WASI, artifact};

use crate::child::Running;
use crate::kept::{Host, Kept, files, guest};
use crate::place::{Place, program};

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
    let providers = Providers::new()?.artifacts(Artifacts::new().cache(kept.cache.clone()));
    let provider = artifact("provider", WASI);
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
