//! Released versions stay unchanged. `tests/wit/` has a copy of each release, and today's
//! package must suit all components of earlier releases.

use std::fs;

use anyhow::{Context, Error, Result, ensure};
use wit_component::semver_check;
use wit_parser::Resolve;

use crate::contract::package::{Package, root};

/// The worlds of the first release.
const ALL: [&str; 4] = ["imports", "provider", "middleware", "full-provider"];

/// All releases with their versions, the oldest first.
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
    ensure!(!releases.is_empty(), "tests/wit/ is empty");
    releases.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(releases
        .into_iter()
        .map(|(version, package)| (version.to_string(), package))
        .collect())
}

#[test]
fn components_of_each_release_still_link() -> Result<()> {
    let current = Package::current()?;
    let today = current.line()?;
    let mut compared = 0;
    for (version, release) in releases()? {
        if release.line()? == today {
            for world in worlds(&release)? {
                fits(&release, &current, &world)
                    .with_context(|| format!("wit/ breaks `{world}` of {version}"))?;
                compared += 1;
            }
        }
    }
    assert!(
        compared > 0,
        "tests/wit/ has no release of the line {today}.x: docs/reference/evolution.md has the steps"
    );
    Ok(())
}

#[test]
fn a_released_text_is_unchanged() -> Result<()> {
    let current = Package::current()?;
    let version = current.version()?;
    let released = releases()?.into_iter().find(|(v, _)| *v == version);
    assert!(
        released.is_none_or(|(_, package)| package == current),
        "wit/ is no longer tests/wit/{version}/. If {version} has been released, raise the \
         version in every file of wit/; docs/reference/evolution.md has the steps. If it has not, copy \
         wit/*.wit over the frozen ones."
    );
    Ok(())
}

#[test]
fn an_additional_case_is_rejected_in_each_world() -> Result<()> {
    let changed = first()?.with("    wasm,\n", "    wasm,\n    unikernel,\n")?;
    assert_eq!(refused(&changed)?, ALL);
    Ok(())
}

#[test]
fn another_order_of_cases_is_rejected_in_each_world() -> Result<()> {
    let changed = first()?
        .with("    canceled,\n", "    t,\n")?
        .with("    timeout,\n", "    canceled,\n")?
        .with("    t,\n", "    timeout,\n")?;
    assert_eq!(refused(&changed)?, ALL);
    Ok(())
}

#[test]
fn an_additional_function_is_rejected_by_worlds_that_export_backend() -> Result<()> {
    let known = "  record-task-started: func(runner: runner-type);\n";
    let changed = first()?.with(known, &format!("{known}  flush: func();\n"))?;
    assert_eq!(
        refused(&changed)?,
        ["provider", "middleware", "full-provider"]
    );
    Ok(())
}

#[test]
fn a_removed_function_is_rejected_by_worlds_that_import_backend() -> Result<()> {
    let known = "  @since(version = 0.1.0)\n  record-task-started: func(runner: runner-type);\n";
    let changed = first()?.with(known, "")?;
    assert_eq!(refused(&changed)?, ["imports", "middleware"]);
    Ok(())
}

#[test]
fn another_parameter_is_rejected_in_each_world() -> Result<()> {
    let changed = first()?.with("duration-ms: u64", "duration-ms: u32")?;
    assert_eq!(refused(&changed)?, ALL);
    Ok(())
}

#[test]
fn only_a_required_interface_breaks_components() -> Result<()> {
    let world = "world imports {\n";
    let sibling = "interface flushing { flush: func(); }\n\n";
    let gate = "/// What a guest needs to record metrics.";

    let imported = first()?
        .with(gate, &format!("{sibling}{gate}"))?
        .with(world, &format!("{world}  import flushing;\n"))?;
    assert_eq!(refused(&imported)?, [""; 0]);

    let world = "world provider {\n";
    let exported = first()?
        .with(gate, &format!("{sibling}{gate}"))?
        .with(world, &format!("{world}  export flushing;\n"))?;
    // A world that includes another world has the requirements of that world.
    assert_eq!(refused(&exported)?, ["provider", "full-provider"]);
    Ok(())
}

/// The first release, which never changes. The tests make rejected copies of it.
fn first() -> Result<Package> {
    let (_, first) = releases()?.swap_remove(0);
    Ok(first)
}

/// The worlds of the first release that a changed copy would break.
fn refused(changed: &Package) -> Result<Vec<String>> {
    // The changed text must resolve. Otherwise the check would fail for another reason.
    changed.resolve()?;
    let first = first()?;
    let mut worlds = worlds(&first)?;
    worlds.retain(|world| fits(&first, changed, world).is_err());
    Ok(worlds)
}

/// Asserts that a component for `world` of `old` fits `world` of `new`. It may import
/// less and export more. The common part must be the same.
fn fits(old: &Package, new: &Package, world: &str) -> Result<()> {
    let mut resolve = Resolve::default();
    let new = resolve.push_group(new.parse()?)?;

    // A `Resolve` accepts each name and version once. The check ignores versions.
    let mut old = old.parse()?;
    let version = old.main.name.version.as_mut();
    version.context("a release has a version")?.build = "old".parse().map_err(Error::msg)?;
    let old = resolve.push_group(old)?;

    let [old, new] = [old, new].map(|id| resolve.packages[id].worlds.get(world).copied());
    let old = old.context("the old package has no such world")?;
    let new = new.context("the world is missing")?;
    semver_check(resolve, old, new)
}

fn worlds(package: &Package) -> Result<Vec<String>> {
    let wit = package.resolve()?;
    Ok(wit.worlds().map(|(name, _)| name.to_owned()).collect())
}
