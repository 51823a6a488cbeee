//! What was released stays as it was: `tests/wit/` keeps a copy of each
//! release, and the package of today must suit whoever was built against it.

use std::fs;

use anyhow::{Context, Error, Result, ensure};
use wit_component::semver_check;
use wit_parser::{PackageName, Resolve};

use crate::package::{Package, root};

/// Every release with its version, the oldest first.
pub(crate) fn releases() -> Result<Vec<(String, Package)>> {
    let mut releases = Vec::new();
    for entry in fs::read_dir(root().join("tests/wit"))? {
        let entry = entry?;
        let package = Package::read(&entry.path())?;
        let version = package.parse()?.main.name.version;
        let version = version.context("a release has a version")?;
        let folder = entry.file_name();
        ensure!(
            *folder == *version.to_string(),
            "tests/wit/{folder:?} is {version}"
        );
        releases.push((version, package));
    }
    releases.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(releases
        .into_iter()
        .map(|(version, package)| (version.to_string(), package))
        .collect())
}

#[test]
fn whoever_was_built_against_a_release_still_links() -> Result<()> {
    let current = Package::current()?;
    let today = track(&current)?;
    let mut compared = 0;
    for (version, release) in releases()? {
        if track(&release)? == today {
            for world in worlds(&release)? {
                replaces(&current, &release, &world)
                    .with_context(|| format!("wit/ breaks `{world}` of {version}"))?;
                compared += 1;
            }
        }
    }
    assert!(
        compared > 0,
        "tests/wit/ has no release on the track {today}.x"
    );
    Ok(())
}

#[test]
fn a_released_text_stays_as_it_was() -> Result<()> {
    let current = Package::current()?;
    let version = current.version()?;
    let released = releases()?.into_iter().find(|(v, _)| *v == version);
    assert!(
        released.is_none_or(|(_, package)| package == current),
        "wit/ is no longer tests/wit/{version}/. If {version} has been released, raise the \
         version in every file of wit/; docs/evolution.md has the steps. If it has not, copy \
         wit/*.wit over the frozen ones."
    );
    Ok(())
}

#[test]
fn one_more_case_is_refused_in_every_world() -> Result<()> {
    let changed = Package::current()?.with("    wasm,\n", "    wasm,\n    unikernel,\n")?;
    assert_eq!(refused(&changed)?, ["imports", "provider", "middleware"]);
    Ok(())
}

#[test]
fn another_order_of_cases_is_refused_in_every_world() -> Result<()> {
    let changed = Package::current()?
        .with("    canceled,\n", "    t,\n")?
        .with("    timeout,\n", "    canceled,\n")?
        .with("    t,\n", "    timeout,\n")?;
    assert_eq!(refused(&changed)?, ["imports", "provider", "middleware"]);
    Ok(())
}

#[test]
fn one_more_function_is_refused_by_whoever_exports_backend() -> Result<()> {
    let first = "  record-task-started: func(runner: runner-type);\n";
    let changed = Package::current()?.with(first, &format!("{first}  flush: func();\n"))?;
    assert_eq!(refused(&changed)?, ["provider", "middleware"]);
    Ok(())
}

#[test]
fn one_function_less_is_refused_by_whoever_imports_backend() -> Result<()> {
    let first = "  @since(version = 0.1.0)\n  record-task-started: func(runner: runner-type);\n";
    let changed = Package::current()?.with(first, "")?;
    assert_eq!(refused(&changed)?, ["imports", "middleware"]);
    Ok(())
}

#[test]
fn another_parameter_is_refused_in_every_world() -> Result<()> {
    let changed = Package::current()?.with("duration-ms: u64", "duration-ms: u32")?;
    assert_eq!(refused(&changed)?, ["imports", "provider", "middleware"]);
    Ok(())
}

#[test]
fn a_sibling_interface_breaks_nobody_unless_it_must_be_exported() -> Result<()> {
    let world = "world imports {\n";
    let sibling = "interface flushing { flush: func(); }\n\n";
    let gate = "/// What a guest needs to record metrics.";

    let imported = Package::current()?
        .with(gate, &format!("{sibling}{gate}"))?
        .with(world, &format!("{world}  import flushing;\n"))?;
    assert_eq!(refused(&imported)?, [""; 0]);

    let world = "world provider {\n";
    let exported = Package::current()?
        .with(gate, &format!("{sibling}{gate}"))?
        .with(world, &format!("{world}  export flushing;\n"))?;
    assert_eq!(refused(&exported)?, ["provider"]);
    Ok(())
}

/// The worlds of today that a changed package would break.
fn refused(changed: &Package) -> Result<Vec<String>> {
    // A text that does not even resolve would be refused for another reason.
    changed.resolve()?;
    let current = Package::current()?;
    let mut worlds = worlds(&current)?;
    worlds.retain(|world| replaces(changed, &current, world).is_err());
    Ok(worlds)
}

/// Whether `new` can stand wherever `world` of `old` is expected.
fn replaces(new: &Package, old: &Package, world: &str) -> Result<()> {
    let mut resolve = Resolve::default();
    let new = resolve.push_group(new.parse()?)?;

    // One `Resolve` takes a name and version once. The check ignores versions.
    let mut old = old.parse()?;
    let version = old.main.name.version.as_mut();
    version.context("a release has a version")?.build = "old".parse().map_err(Error::msg)?;
    let old = resolve.push_group(old)?;

    let [old, new] = [old, new].map(|id| resolve.packages[id].worlds.get(world).copied());
    let old = old.context("the old package has no such world")?;
    let new = new.context("the world is gone")?;
    semver_check(resolve, old, new)
}

fn worlds(package: &Package) -> Result<Vec<String>> {
    let wit = package.resolve()?;
    Ok(wit.worlds().map(|(name, _)| name.to_owned()).collect())
}

/// What two versions have in common that must be compatible: `0.1` of 0.1.7.
fn track(package: &Package) -> Result<String> {
    let version = package.parse()?.main.name.version;
    let version = version.context("a package has a version")?;
    Ok(PackageName::version_compat_track_string(&version))
}
