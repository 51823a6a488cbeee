//! Not a bit of kept code can be changed, and no other code put in its place.

use std::fs;

use anyhow::{Context, Result, ensure};
use solti_metrics::noop_metrics;
use solti_metrics_host::artifact::{ArtifactCache, Artifacts, CacheError, KeyError, Origin};
use solti_metrics_host::runner::{RecordingMode, Runner};

use crate::artifacts::kept::{Kept, files, guest};

/// Of magic, format, kind, address, digest, lengths and the digest with the key.
const HEADER: usize = 136;

#[test]
fn a_bit_that_was_flipped_is_found_before_the_code_runs() -> Result<()> {
    let kept = Kept::new()?;
    kept.host.loads(7, Origin::Compiled)?;
    let file = kept.file()?;
    let whole = fs::read(&file)?;
    ensure!(whole.len() > 10_000, "{} bytes", whole.len());

    // A bit of each byte of the header, which comes last, and as many again of the
    // code, evenly.
    let bytes = whole.len() - HEADER;
    let code = (0..HEADER + 64).map(|number| number * (bytes - 1) / (HEADER + 63));
    let places: Vec<_> = code.chain(bytes..whole.len()).collect();
    ensure!(places.len() > 300 && places.last() == Some(&(whole.len() - 1)));
    for (number, place) in places.iter().enumerate() {
        let mut changed = whole.clone();
        changed[*place] ^= 1 << (number % 8);
        fs::write(&file, &changed)?;
        kept.host
            .loads(7, Origin::Compiled)
            .with_context(|| format!("bit {} of byte {place}", number % 8))?;
        let times = number as u64 + 1;
        kept.counted(|counters| {
            counters.rejected = times;
            counters.misses = times + 1;
            counters.stored = times + 1;
        })?;
    }
    kept.host.loads(7, Origin::Cached)?;
    ensure!(kept.file()? == file && fs::read(&file)? == whole);
    Ok(())
}

#[test]
fn a_file_that_is_shorter_or_longer_is_rejected() -> Result<()> {
    let kept = Kept::new()?;
    kept.host.loads(7, Origin::Compiled)?;
    let file = kept.file()?;
    let whole = fs::read(&file)?;
    let length = whole.len();
    let mut longer = whole.clone();
    longer.push(0);
    let cut = [0, 1, 8, 103, 104, 135, 136, 137, length / 2, length - 1];
    let changed = cut.map(|length| whole[..length].to_vec());
    for (number, changed) in changed.into_iter().chain([longer]).enumerate() {
        fs::write(&file, &changed)?;
        kept.host.loads(7, Origin::Compiled)?;
        ensure!(kept.cache.counters().rejected == number as u64 + 1);
    }
    kept.host.loads(7, Origin::Cached)
}

#[test]
fn code_that_another_key_has_sealed_is_rejected() -> Result<()> {
    let (ours, theirs) = (Kept::new()?, Kept::new()?);
    theirs.host.loads(7, Origin::Compiled)?;
    let file = theirs.file()?;
    let name = file.file_name().context("it has a name")?;
    fs::copy(&file, ours.dir().join(name))?;
    ours.host.loads(7, Origin::Compiled)?;
    ours.counted(|counters| {
        counters.rejected = 1;
        counters.misses = 1;
        counters.stored = 1;
    })
}

#[test]
fn code_is_of_no_use_when_the_key_has_changed() -> Result<()> {
    let kept = Kept::new()?;
    kept.host.loads(7, Origin::Compiled)?;
    let key = kept.dir().join("key");
    let text = fs::read_to_string(&key)?;
    let other = match text.as_bytes()[0] {
        b'0' => "1",
        _ => "0",
    };
    fs::write(&key, format!("{other}{}", &text[1..]))?;
    let (cache, host) = kept.again()?;
    host.loads(7, Origin::Compiled)?;
    ensure!(cache.counters().rejected == 1, "{cache:?}");

    fs::write(&key, &text[1..])?;
    let malformed = ArtifactCache::open(kept.dir());
    ensure!(
        matches!(malformed, Err(CacheError::Key(KeyError::Malformed { .. }))),
        "{malformed:?}"
    );
    Ok(())
}

/// Authentic, and of another component, or compiled as something else.
#[test]
fn code_under_the_name_of_other_code_is_rejected() -> Result<()> {
    let kept = Kept::new()?;
    kept.host.loads(7, Origin::Compiled)?;
    let inlined = kept.file()?;

    let artifacts = Artifacts::new().cache(kept.cache.clone());
    let runner = Runner::builder(noop_metrics())
        .artifacts(artifacts)
        .recording_mode(RecordingMode::Direct);
    runner.build()?.load("guest", &guest(7)?)?;
    let both = files(&kept.dir())?;
    let direct = both.iter().find(|file| **file != inlined);
    fs::copy(direct.context("it is kept as well")?, &inlined)?;
    kept.host.loads(7, Origin::Compiled)?;
    ensure!(kept.cache.counters().rejected == 1);

    let other = Kept::new()?;
    fs::copy(kept.dir().join("key"), other.dir().join("key"))?;
    let (cache, host) = other.again()?;
    host.loads(8, Origin::Compiled)?;
    fs::copy(other.file()?, &inlined)?;
    kept.host.loads(7, Origin::Compiled)?;
    ensure!(kept.cache.counters().rejected == 2);
    ensure!(cache.counters().rejected == 0);
    Ok(())
}

#[test]
fn whatever_else_has_the_name_of_code_is_in_nobodys_way() -> Result<()> {
    let kept = Kept::new()?;
    kept.host.loads(7, Origin::Compiled)?;
    let file = kept.file()?;
    let whole = fs::read(&file)?;
    let elsewhere = kept.dir().join("elsewhere");

    fs::remove_file(&file)?;
    fs::create_dir(&file)?;
    kept.host.loads(7, Origin::Compiled)?;
    fs::rename(&file, &elsewhere)?;
    std::os::unix::fs::symlink(&elsewhere, &file)?;
    kept.host.loads(7, Origin::Compiled)?;
    ensure!(kept.cache.counters().rejected == 2);
    ensure!(fs::read(&elsewhere)? == whole, "a link is not followed");
    kept.host.loads(7, Origin::Cached)
}
