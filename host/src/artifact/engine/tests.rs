//! Tests of code for two engines that share a cache.

use std::error::Error;
use std::fs;

use super::*;
use crate::artifact::ArtifactCache;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// Two engines, as on two versions or machines, and one cache.
struct Two {
    folder: tempfile::TempDir,
    cache: ArtifactCache,
    ours: EngineArtifacts,
    theirs: EngineArtifacts,
    bytes: Vec<u8>,
    inspection: Inspection,
}

impl Two {
    fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let cache = ArtifactCache::open(folder.path().join("cache"))?;
        let settings = EngineSettings::default();
        let artifacts = Artifacts::new().cache(cache.clone());
        let bytes = wat::parse_str("(component)")?;
        Ok(Self {
            folder,
            cache,
            ours: EngineArtifacts::new(artifacts.clone(), settings, vec![settings.engine()?]),
            theirs: EngineArtifacts::new(artifacts, settings, vec![Engine::default()]),
            inspection: Inspection::of("it", &bytes)?,
            bytes,
        })
    }

    fn it(&self) -> Inspected<'_> {
        Inspected {
            name: "it",
            inspection: &self.inspection,
            bytes: &self.bytes,
        }
    }
}

#[test]
fn code_for_another_engine_has_another_name_and_is_rejected_under_this_one() -> Result {
    let two = Two::new()?;
    assert_eq!(two.theirs.plain(two.it())?.origin, Origin::Compiled);
    assert_eq!(two.ours.plain(two.it())?.origin, Origin::Compiled);
    assert_eq!(two.cache.counters().stored, 2);

    let component = Digest::of_component(&two.bytes);
    let file = |of: &EngineArtifacts| {
        let name = format!("{}.code", of.address(CodeKind::Plain, component).0);
        two.folder.path().join("cache").join(name)
    };
    fs::copy(file(&two.theirs), file(&two.ours))?;
    assert_eq!(two.ours.plain(two.it())?.origin, Origin::Compiled);
    assert_eq!(two.cache.counters().rejected, 1);
    assert_eq!(two.ours.plain(two.it())?.origin, Origin::Cached);
    Ok(())
}

#[test]
fn a_file_for_another_engine_is_refused() -> Result {
    let two = Two::new()?;
    let file = two.theirs.sealed_plain(two.it(), two.cache.key())?;
    let mut given = CodeInput::bytes("it", &file.bytes, u64::MAX)?;
    let ready = two
        .ours
        .ready("it", &mut given, |_| Ok(&two.ours), |_| None, |_| Ok(()));
    assert!(matches!(
        ready,
        Ok(FoundCode::Nothing(Some(Refusal::OtherHost)))
    ));
    assert_eq!(given.component()?, two.bytes);

    let mut given = CodeInput::bytes("it", &file.bytes, u64::MAX)?;
    let ready = two
        .theirs
        .ready("it", &mut given, |_| Ok(&two.theirs), |_| None, |_| Ok(()));
    assert!(matches!(ready, Ok(FoundCode::Loaded(()))));
    Ok(())
}

/// An owner of the key can seal any bytes, and so could a bug of this crate.
#[test]
fn code_that_does_not_load_is_compiled_again() -> Result {
    let two = Two::new()?;
    let component = Digest::of_component(&two.bytes);
    let address = two.ours.address(CodeKind::Plain, component);
    let inspection = &two.inspection;
    two.cache
        .put(&address, CodeKind::Plain, component, inspection, b"no code");
    assert_eq!(two.ours.plain(two.it())?.origin, Origin::Compiled);
    let counters = two.cache.counters();
    assert_eq!((counters.hits, counters.rejected), (1, 1));
    Ok(())
}
