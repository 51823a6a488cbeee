//! The compilation cache stays within its maximum size, and lack of space is not a
//! failure.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Result, ensure};
use solti_metrics_host::artifact::{Artifacts, Origin};
use solti_metrics_tests::test_folder::end;

use crate::artifacts::cached_runner::{CachedRunner, Host, files, guest};
use crate::artifacts::test_folder::TestFolder;

/// Approximate size of a guest's code.
fn size_of_one() -> Result<u64> {
    let cached = CachedRunner::new()?;
    cached.host.loads(0, Origin::Compiled)?;
    Ok(cached.file()?.metadata()?.len())
}

fn size_of(folder: &Path) -> Result<u64> {
    let mut size = 0;
    for file in files(folder)? {
        size += file.metadata()?.len();
    }
    Ok(size)
}

#[test]
fn the_least_recently_used_code_is_evicted() -> Result<()> {
    let room = size_of_one()? * 3 + 1_000;
    let cached = CachedRunner::with(|cache| cache.size(room))?;
    for number in 0..3 {
        cached.host.loads(number, Origin::Compiled)?;
    }
    // Sets the times of use apart, with the first one used last.
    let now = SystemTime::now();
    for file in files(&cached.dir())? {
        File::open(file)?.set_modified(now - Duration::from_secs(100))?;
    }
    cached.host.loads(0, Origin::Cached)?;
    for number in 3..5 {
        cached.host.loads(number, Origin::Compiled)?;
        ensure!(size_of(&cached.dir())? <= room);
    }
    cached.host.loads(0, Origin::Cached)?;
    cached.counted(|counters| {
        counters.hits = 2;
        counters.misses = 5;
        counters.stored = 5;
        counters.evicted = 2;
    })
}

#[test]
fn code_above_the_cache_size_evicts_no_other_code() -> Result<()> {
    let cached = CachedRunner::new()?;
    cached.host.loads(0, Origin::Compiled)?;
    let small = cached.cache.clone().size(1_000);
    let host = Host::new(Artifacts::new().cache(small))?;
    host.loads(1, Origin::Compiled)?;
    ensure!(cached.cache.counters().store_failures == 1);
    ensure!(cached.cache.counters().evicted == 0);
    cached.host.loads(0, Origin::Cached)
}

#[test]
fn only_leftovers_of_dead_processes_are_removed() -> Result<()> {
    let cached = CachedRunner::new()?;
    let dead = cached.dir().join("unfinished-abc");
    let alive = cached.dir().join("unfinished-xyz");
    let foreign = cached.dir().join("notes.txt");
    for path in [&dead, &alive, &foreign] {
        fs::write(path, "something")?;
    }
    let writer = File::open(&alive)?;
    writer.lock()?;
    let _ = cached.again()?;
    ensure!(!dead.exists() && alive.exists() && foreign.exists());
    drop(writer);
    let _ = cached.again()?;
    ensure!(!alive.exists() && foreign.exists());
    Ok(())
}

/// The system ends a process that exceeds the limit on the size of files, unless the
/// process ignores the signal.
#[test]
fn a_limit_on_the_size_of_files_affects_only_the_cache() -> Result<()> {
    for before in ["", "trap '' XFSZ;"] {
        let place = TestFolder::with(&guest(7)?)?;
        let script = format!(r#"{before} ulimit -f 8; exec "$0" run guest.wasm"#);
        let end = end(&mut place.shell(&script, &[])?)?;
        ensure!(end.code == Some(0), "{end}");
        ensure!(files(&place.cache())?.is_empty());
        ensure!(fs::read_dir(place.cache())?.count() == 1, "the key alone");
    }
    Ok(())
}

/// The disk is full only where this user can mount a file system.
#[test]
fn a_full_disk_affects_only_the_cache() -> Result<()> {
    let place = TestFolder::with(&guest(7)?)?;
    fs::create_dir(place.path("caches"))?;
    let script = r#"
        unshare -rm true 2>/dev/null || exit 77
        exec unshare -rm sh -c '
            mount -t tmpfs -o size=16k,mode=700 none caches || exit 77
            "$0" run guest.wasm && "$0" run guest.wasm && ls caches/solti-metrics/code
        ' "$0""#;
    let end = end(&mut place.shell(script, &[])?)?;
    ensure!(matches!(end.code, Some(0 | 77)), "{end}");
    if end.code == Some(0) {
        ensure!(end.stdout == "key\n", "{end}");
    }
    Ok(())
}
