//! A folder that is unsuitable for a cache is not used, and everything else works.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;

use anyhow::{Result, ensure};
use solti_metrics_host::artifact::{ArtifactCache, CacheError};
use solti_metrics_tests::artifact::program;
use solti_metrics_tests::test_folder::end;

use crate::artifacts::cached_runner::{files, guest};
use crate::artifacts::test_folder::TestFolder;

/// A user id that is not the test's.
const SOMEBODY: u32 = 65_534;

fn mode(path: &Path, mode: u32) -> Result<()> {
    Ok(fs::set_permissions(path, Permissions::from_mode(mode))?)
}

#[test]
fn a_new_folder_and_its_key_are_for_this_user_alone() -> Result<()> {
    let place = TestFolder::with(&guest(7)?)?;
    let said = place.succeeds(&["run", "guest.wasm"])?;
    ensure!(!said.contains("warning"), "{said}");
    let mode = |path: &Path| Ok::<_, anyhow::Error>(path.metadata()?.mode() & 0o7777);
    ensure!(mode(&place.cache())? == 0o700);
    ensure!(mode(&place.cache().join("key"))? == 0o600);
    for file in files(&place.cache())? {
        ensure!(mode(&file)? == 0o600);
    }
    Ok(())
}

#[test]
fn a_folder_that_others_may_use_is_not_used() -> Result<()> {
    let place = TestFolder::with(&guest(7)?)?;
    fs::create_dir_all(place.cache())?;
    for exposed in [0o755, 0o710, 0o702, 0o1777] {
        mode(&place.cache(), exposed)?;
        let opened = ArtifactCache::open(place.cache());
        ensure!(
            matches!(opened, Err(CacheError::Exposed { .. })),
            "{opened:?}"
        );
    }
    let said = place.succeeds(&["run", "guest.wasm"])?;
    let warning = said.lines().next().unwrap_or_default();
    ensure!(
        warning.starts_with("warning: cannot use the compilation cache "),
        "{said}"
    );
    ensure!(warning.contains("mode 1777"), "{said}");
    ensure!(fs::read_dir(place.cache())?.next().is_none());
    Ok(())
}

#[test]
fn a_key_that_others_may_read_is_not_used() -> Result<()> {
    let place = TestFolder::new()?;
    ArtifactCache::open(place.cache())?;
    mode(&place.cache().join("key"), 0o640)?;
    let opened = ArtifactCache::open(place.cache());
    ensure!(
        matches!(opened, Err(CacheError::Exposed { .. })),
        "{opened:?}"
    );
    Ok(())
}

#[test]
fn a_file_instead_of_the_cache_folder_is_left_alone() -> Result<()> {
    let place = TestFolder::with(&guest(7)?)?;
    fs::create_dir_all(place.path("caches/solti-metrics"))?;
    fs::write(place.cache(), "mine")?;
    let opened = ArtifactCache::open(place.cache());
    ensure!(
        matches!(opened, Err(CacheError::NotAFolder { .. })),
        "{opened:?}"
    );
    let said = place.succeeds(&["run", "guest.wasm"])?;
    ensure!(said.contains("it is not a folder"), "{said}");
    ensure!(fs::read_to_string(place.cache())? == "mine");

    let below = ArtifactCache::open(place.cache().join("below"));
    ensure!(matches!(below, Err(CacheError::Folder { .. })), "{below:?}");
    Ok(())
}

#[test]
fn a_folder_instead_of_the_key_is_reported() -> Result<()> {
    let place = TestFolder::new()?;
    ArtifactCache::open(place.cache())?;
    fs::remove_file(place.cache().join("key"))?;
    fs::create_dir(place.cache().join("key"))?;
    let opened = ArtifactCache::open(place.cache());
    ensure!(matches!(opened, Err(CacheError::Key(_))), "{opened:?}");
    Ok(())
}

/// The cache is not used, since it belongs to somebody else.
fn is_theirs(place: &TestFolder) -> Result<()> {
    let opened = ArtifactCache::open(place.cache());
    let theirs = matches!(
        opened,
        Err(CacheError::NotOurs {
            owner: SOMEBODY,
            ..
        })
    );
    ensure!(theirs, "{opened:?}");
    Ok(())
}

/// Only root can give something away.
#[test]
fn a_folder_of_another_user_is_not_used() -> Result<()> {
    let place = TestFolder::new()?;
    ArtifactCache::open(place.cache())?;
    if chown(place.cache(), Some(SOMEBODY), None).is_err() {
        return Ok(());
    }
    is_theirs(&place)?;

    chown(place.cache(), Some(place.path(".").metadata()?.uid()), None)?;
    chown(place.cache().join("key"), Some(SOMEBODY), None)?;
    is_theirs(&place)?;
    Ok(())
}

/// Root may write anywhere, so it has somebody else try.
#[test]
fn a_read_only_folder_still_provides_cached_code() -> Result<()> {
    let place = TestFolder::with(&guest(7)?)?;
    fs::copy(program()?, place.path("command"))?;
    fs::write(place.path("other.wasm"), guest(8)?)?;
    let as_root = place.path(".").metadata()?.uid() == 0;
    let run = |args: &[&str]| {
        let mut command = place.shell(r#"exec ./command run "$@""#, &[])?;
        command.args(args);
        if as_root {
            command.uid(SOMEBODY).gid(SOMEBODY);
        }
        end(&mut command)
    };
    if as_root {
        chown(place.path("."), Some(SOMEBODY), Some(SOMEBODY))?;
    }
    let first = run(&["guest.wasm"])?;
    ensure!(
        first.code == Some(0) && !first.stderr.contains("warning"),
        "{first}"
    );
    ensure!(files(&place.cache())?.len() == 1);
    mode(&place.cache(), 0o500)?;

    // The limit leaves no memory to compile it.
    let cached = run(&["--compile-memory", "1MiB", "guest.wasm"])?;
    ensure!(cached.code == Some(0), "{cached}");
    let other = run(&["other.wasm"])?;
    let warns = other.stderr.contains("code cannot be stored");
    ensure!(other.code == Some(0) && warns, "{other}");
    ensure!(files(&place.cache())?.len() == 1);

    // The changed file cannot be removed, and is not used.
    let file = &files(&place.cache())?[0];
    let mut changed = fs::read(file)?;
    changed[200] ^= 1;
    fs::write(file, changed)?;
    let again = run(&["guest.wasm"])?;
    let warns = again.stderr.contains("cached code is rejected");
    ensure!(again.code == Some(0) && warns, "{again}");
    mode(&place.cache(), 0o700)
}

#[test]
fn a_missing_cache_folder_is_not_a_fault() -> Result<()> {
    let place = TestFolder::with(&guest(7)?)?;
    let mut command = place.command(&["run", "guest.wasm"])?;
    let end = end(command.env_remove("XDG_CACHE_HOME").env_remove("HOME"))?;
    ensure!(
        end.code == Some(0) && !end.stderr.contains("warning"),
        "{end}"
    );
    place.succeeds(&["run", "--no-cache", "guest.wasm"])?;
    ensure!(!place.path("caches").exists());
    place.succeeds(&["run", "--cache", "here", "guest.wasm"])?;
    ensure!(files(&place.path("here"))?.len() == 1);
    ensure!(!place.path("caches").exists());
    Ok(())
}
