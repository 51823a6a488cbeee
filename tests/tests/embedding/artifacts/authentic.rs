//! No bit of cached code can be changed, and no other code can replace it.

use std::fs;

use anyhow::{Context, Result, ensure};
use solti_metrics::noop_metrics;
use solti_metrics_host::artifact::{ArtifactCache, Artifacts, CacheError, KeyError, Origin};
use solti_metrics_host::runner::{RecordingMode, Runner};

use crate::artifacts::cached_runner::{CachedRunner, files, guest};

/// Magic, format, kind, address, digest, lengths and the digest with the key.
const HEADER: usize = 136;

#[test]
fn a_flipped_bit_is_found_before_the_code_runs() -> Result<()> {
    let cached = CachedRunner::new()?;
    cached.host.loads(7, Origin::Compiled)?;
    let file = cached.file()?;
    let whole = fs::read(&file)?;
    ensure!(whole.len() > 10_000, "{} bytes", whole.len());

    // A bit of each byte of the header, which comes last, and as many bits of the code,
    // evenly spread.
    let bytes = whole.len() - HEADER;
    let code = (0..HEADER + 64).map(|number| number * (bytes - 1) / (HEADER + 63));
    let places: Vec<_> = code.chain(bytes..whole.len()).collect();
    ensure!(places.len() > 300 && places.last() == Some(&(whole.len() - 1)));
    for (number, place) in places.iter().enumerate() {
        let mut changed = whole.clone();
        changed[*place] ^= 1 << (number % 8);
        fs::write(&file, &changed)?;
        cached
            .host
            .loads(7, Origin::Compiled)
            .with_context(|| format!("bit {} of byte {place}", number % 8))?;
        let times = number as u64 + 1;
        cached.counted(|counters| {
            counters.rejected = times;
            counters.misses = times + 1;
            counters.stored = times + 1;
        })?;
    }
    cached.host.loads(7, Origin::Cached)?;
    ensure!(cached.file()? == file && fs::read(&file)? == whole);
    Ok(())
}

#[test]
fn a_file_that_is_shorter_or_longer_is_rejected() -> Result<()> {
    let cached = CachedRunner::new()?;
    cached.host.loads(7, Origin::Compiled)?;
    let file = cached.file()?;
    let whole = fs::read(&file)?;
    let length = whole.len();
    let mut longer = whole.clone();
    longer.push(0);
    let cut = [0, 1, 8, 103, 104, 135, 136, 137, length / 2, length - 1];
    let changed = cut.map(|length| whole[..length].to_vec());
    for (number, changed) in changed.into_iter().chain([longer]).enumerate() {
        fs::write(&file, &changed)?;
        cached.host.loads(7, Origin::Compiled)?;
        ensure!(cached.cache.counters().rejected == number as u64 + 1);
    }
    cached.host.loads(7, Origin::Cached)
}

#[test]
fn code_sealed_with_another_key_is_rejected() -> Result<()> {
    let (ours, theirs) = (CachedRunner::new()?, CachedRunner::new()?);
    theirs.host.loads(7, Origin::Compiled)?;
    let file = theirs.file()?;
    let name = file.file_name().context("no file name")?;
    fs::copy(&file, ours.dir().join(name))?;
    ours.host.loads(7, Origin::Compiled)?;
    ours.counted(|counters| {
        counters.rejected = 1;
        counters.misses = 1;
        counters.stored = 1;
    })
}

#[test]
fn cached_code_is_unusable_after_a_change_of_the_key() -> Result<()> {
    let cached = CachedRunner::new()?;
    cached.host.loads(7, Origin::Compiled)?;
    let key = cached.dir().join("key");
    let text = fs::read_to_string(&key)?;
    let other = match text.as_bytes()[0] {
        b'0' => "1",
        _ => "0",
    };
    fs::write(&key, format!("{other}{}", &text[1..]))?;
    let (cache, host) = cached.again()?;
    host.loads(7, Origin::Compiled)?;
    ensure!(cache.counters().rejected == 1, "{cache:?}");

    fs::write(&key, &text[1..])?;
    let malformed = ArtifactCache::open(cached.dir());
    ensure!(
        matches!(malformed, Err(CacheError::Key(KeyError::Malformed { .. }))),
        "{malformed:?}"
    );
    Ok(())
}

/// Authentic code of another component, or for another use.
#[test]
fn code_under_the_name_of_other_code_is_rejected() -> Result<()> {
    let cached = CachedRunner::new()?;
    cached.host.loads(7, Origin::Compiled)?;
    let inlined = cached.file()?;

    let artifacts = Artifacts::new().cache(cached.cache.clone());
    let runner = Runner::builder(noop_metrics())
        .artifacts(artifacts)
        .recording_mode(RecordingMode::Direct);
    runner.build()?.load("guest", &guest(7)?)?;
    let both = files(&cached.dir())?;
    let direct = both.iter().find(|file| **file != inlined);
    fs::copy(
        direct.context("the code for the other mode is cached")?,
        &inlined,
    )?;
    cached.host.loads(7, Origin::Compiled)?;
    ensure!(cached.cache.counters().rejected == 1);

    let other = CachedRunner::new()?;
    fs::copy(cached.dir().join("key"), other.dir().join("key"))?;
    let (cache, host) = other.again()?;
    host.loads(8, Origin::Compiled)?;
    fs::copy(other.file()?, &inlined)?;
    cached.host.loads(7, Origin::Compiled)?;
    ensure!(cached.cache.counters().rejected == 2);
    ensure!(cache.counters().rejected == 0);
    Ok(())
}

#[test]
fn other_files_with_the_name_of_code_are_ignored() -> Result<()> {
    let cached = CachedRunner::new()?;
    cached.host.loads(7, Origin::Compiled)?;
    let file = cached.file()?;
    let whole = fs::read(&file)?;
    let elsewhere = cached.dir().join("elsewhere");

    fs::remove_file(&file)?;
    fs::create_dir(&file)?;
    cached.host.loads(7, Origin::Compiled)?;
    fs::rename(&file, &elsewhere)?;
    std::os::unix::fs::symlink(&elsewhere, &file)?;
    cached.host.loads(7, Origin::Compiled)?;
    ensure!(cached.cache.counters().rejected == 2);
    ensure!(fs::read(&elsewhere)? == whole, "a link is not followed");
    cached.host.loads(7, Origin::Cached)
}
